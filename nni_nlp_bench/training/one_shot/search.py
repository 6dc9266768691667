"""One-shot search for a recurrent cell on a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.one_shot.settings import STRATEGIES, OneShot, OneShotSettings
from search_spaces.enas_cell import Cell
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.training.one_shot.model import OneShotLanguageModel
    from nni_nlp_bench.training.one_shot.module import Reward


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    cell: Cell
    perplexity: float
    """Of the validation text, with the shared weights."""
    rewards: tuple[Reward, ...]
    """In the order in which they came."""


def search_one_shot(
    corpus: Corpus,
    strategy: OneShot,
    settings: OneShotSettings,
    seed: int,
    out: Path | None = None,
    *,
    progress: bool = False,
) -> Found:
    """Train the shared weights and the choices by NNI's ENAS or DARTS.

    With `out`, a folder: see `files.py` for what is written there. `progress` shows Lightning's
    bar on stderr. The same arguments give the same cell on the same machine. Raises UserError.
    """
    from nni_nlp_bench.training.one_shot.files import write_files
    from nni_nlp_bench.training.seeding import seeded

    if strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise UserError(f"unknown one-shot strategy {strategy!r}; known: {known}")
    with seeded(seed):
        found = _search(corpus, strategy, settings, seed, progress)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_files(out, corpus, strategy, settings, seed, found)
    return found


def _search(
    corpus: Corpus, name: OneShot, settings: OneShotSettings, seed: int, progress: bool
) -> Found:
    from nni.nas.evaluator.pytorch import Lightning
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.space import RawFormatModelSpace

    from nni_nlp_bench.training.one_shot.model import OneShotLanguageModel
    from nni_nlp_bench.training.one_shot.module import OneShotModule
    from nni_nlp_bench.training.one_shot.strategies import make_strategy
    from nni_nlp_bench.training.one_shot.windows import RandomWindows, TrainWindows, rows_of

    train = rows_of(corpus.train, settings.batch_size, "train")
    valid = rows_of(corpus.valid, settings.batch_size, "valid")
    rewards: list[Reward] = []
    evaluator = Lightning(
        OneShotModule(settings, rewards.append),
        _trainer(settings.epochs, progress),
        train_dataloaders=TrainWindows(train, settings.bptt),
        val_dataloaders=RandomWindows(valid, settings.bptt, settings.valid_windows, seed),
    )
    words = len(corpus.vocabulary)
    space = OneShotLanguageModel(words, settings.nodes, settings.width, settings.dropout, seed)
    strategy = make_strategy(name, settings)
    strategy(RawFormatModelSpace.from_model(space, evaluator), SequentialExecutionEngine())
    cells = _proposals(strategy, space, 1 if name == "darts" else settings.candidates)
    scored = {
        cell: space.freeze(space.cell.choices.to_sample(cell)).perplexity(valid, settings.bptt)
        for cell in cells
    }
    best = min(scored, key=scored.__getitem__)
    return Found(best, scored[best], tuple(rewards))


def _proposals(strategy: Any, space: OneShotLanguageModel, count: int) -> list[Cell]:
    """Cells that the trained strategy proposes, in its own numbering of nodes.

    Not through NNI's `list_models`: it gives ENAS a new, untrained policy before it asks.
    """
    samples = [strategy.oneshot_module.export() for _ in range(count)]
    return [space.cell.choices.from_sample(sample) for sample in samples]


def _trainer(epochs: int, progress: bool) -> Any:
    """Lightning's trainer on the CPU, which leaves no files."""
    from nni.nas.evaluator.pytorch import Trainer

    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=progress,
        num_sanity_val_steps=0,
    )
