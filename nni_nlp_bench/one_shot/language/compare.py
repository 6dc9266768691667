"""Comparison of a found cell with the LSTM, both trained from scratch with equal settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.settings import Settings, Sizes
from search_spaces.enas_cell import Cell
from search_spaces.rnn_cell.language_model import language_model_parameters

if TYPE_CHECKING:
    from nni_nlp_bench.training.cells import AnyCell
    from nni_nlp_bench.training.log import Curves


@dataclass(frozen=True, slots=True)
class Trained:
    """Result of one training. Perplexities are computed without dropout; lower is better."""

    name: str
    parameters: int
    """Number of parameters of the language model."""
    best_epoch: int
    """Epoch with the lowest validation loss, from 1; 0 if none was finite."""
    valid_perplexity: float
    """After the best epoch."""
    test_perplexity: float
    """After the best epoch."""
    seconds: float
    """Training time of all epochs, without evaluations."""
    status: str


def compare_with_lstm(
    cell: Cell,
    corpus: Corpus,
    settings: Settings,
    out: Path | None = None,
    *,
    same: Literal["widths", "parameters"] = "widths",
    epoch_done: Callable[[str, Curves], None] = lambda name, curves: None,
) -> tuple[Trained, Trained]:
    """Train language models of a cell and of the LSTM with the same settings.

    Args:
        cell: The cell.
        corpus: The corpus.
        settings: Settings of both trainings.
        out: Output folder for `comparison.json` and a resumable training each; None for no files.
        same: Whether the LSTM has equal widths, or larger ones for as many parameters.
        epoch_done: Called with the name of a model and its curves after every epoch.

    Returns:
        The results of the cell and of the LSTM.

    Raises:
        UserError: The settings do not train recurrent matrices.
    """
    from search_spaces.rnn_cell.published import named_recipe

    recipe = named_recipe("lstm")
    sizes = settings.sizes
    if same == "parameters":
        sizes = _sizes_with(recipe, cell, len(corpus.vocabulary), sizes)
    models: tuple[tuple[str, AnyCell, Sizes], ...] = (
        ("found", cell, settings.sizes),
        ("lstm", recipe, sizes),
    )
    ours, lstm = (
        _train(name, model, corpus, replace(settings, sizes=sizes), out and out / name, epoch_done)
        for name, model, sizes in models
    )
    if out is not None:
        rows = {"corpus": corpus.name, "digest": corpus.digest, "settings": asdict(settings)}
        trained = {"cell": cell.to_json(), "trained": [asdict(ours), asdict(lstm)]}
        write_json(out / "comparison.json", {**rows, **trained})
    return ours, lstm


def _sizes_with(recipe: AnyCell, cell: AnyCell, words: int, sizes: Sizes) -> Sizes:
    """Return sizes of the same proportion with which a recipe has about as many parameters."""

    def parameters(of: AnyCell, sizes: Sizes) -> int:
        return language_model_parameters(of, words, sizes.of_layers())

    wanted = parameters(cell, sizes)
    found = [sizes]
    while parameters(recipe, found[-1]) < wanted:
        embedding = sizes.embedding + len(found)
        found.append(
            replace(sizes, embedding=embedding, hidden=embedding * sizes.hidden // sizes.embedding)
        )
    return min(found, key=lambda some: abs(parameters(recipe, some) - wanted))


def _train(
    name: str,
    cell: AnyCell,
    corpus: Corpus,
    settings: Settings,
    out: Path | None,
    epoch_done: Callable[[str, Curves], None],
) -> Trained:
    from nni_nlp_bench.one_shot.language.model import perplexity_of
    from nni_nlp_bench.training.run import train

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    curves = train(cell, corpus, settings, out, epoch_done=lambda curves: epoch_done(name, curves))
    layers = settings.sizes.of_layers()
    losses = [math.inf if math.isnan(loss) else loss for loss in curves.val_losses]
    best = min(range(len(losses)), key=losses.__getitem__)
    finite = math.isfinite(losses[best])
    return Trained(
        name=name,
        parameters=language_model_parameters(cell, len(corpus.vocabulary), layers),
        best_epoch=best + 1 if finite else 0,
        valid_perplexity=perplexity_of(losses[best]),
        test_perplexity=perplexity_of(curves.test_losses[best]) if finite else math.inf,
        seconds=sum(curves.wall_times),
        status=curves.status,
    )
