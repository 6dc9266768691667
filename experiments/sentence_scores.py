"""How well zero-cost scores rank trained sentence classifiers: the table of docs/zero_cost.md.

    python experiments/sentence_scores.py train --out runs/scores
    python experiments/sentence_scores.py rank runs/scores/trainings.csv --layers 6 --width 16
    python experiments/sentence_scores.py rank reports/emd_cell_trec_losses.csv \\
        --space emd_cell --teacher minilm-l6

`train` trains random architectures of textnas on a part of TREC; run it again to resume. `rank`
scores the architectures of such a table, or of that of distillation_losses.py, and prints Kendall's
tau of each score with the negated test losses, with its 95 % bootstrap interval over architectures,
and the processor time of one score. Architectures are those that seed 0 draws.

Look at: the printed table.
Change: --seed of the networks that are scored, --columns.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import typer
from experiment_tables import append_rows, markdown, read_rows
from one_shot_ranking_statistics import Array, agreement
from scipy.stats import rankdata
from sentence_comparison_methods import use_one_thread

from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SCORES
from nni_nlp_bench.zero_cost.sentences.scoring import SampledTexts, SentenceScorer
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space
from search_spaces.textnas.space import TextNasSpace

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

COLUMNS = ("cell", "seed", "parameters", "test_loss", "test_accuracy", "dev_loss", "cpu_s")
app = typer.Typer(add_completion=False)

Data = Annotated[str, typer.Option(help="Labelled sentences: a name, a file or a folder.")]
Teacher = Annotated[
    str | None,
    typer.Option(help="Teacher whose tokens and vectors are read (default: random vectors)."),
]
Layers = Annotated[int, typer.Option(help="Layers of textnas.")]


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder of the table.")],
    data: Data = "trec",
    teacher: Teacher = None,
    layers: Layers = 6,
    width: int = 16,
    share: Annotated[float, typer.Option(help="Share of the training set.")] = 0.4,
    epochs: int = 5,
    max_length: int = 32,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    architectures: Annotated[int, typer.Option(min=4, help="Random architectures.")] = 40,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each.")] = 3,
) -> None:
    """Train random architectures of textnas."""
    use_one_thread()
    settings = ClassifierSettings(
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        learning_rate=learning_rate,
        epsilon=1e-8,
        weight_decay=0.0,
        embedding_dropout=0.3,
    )
    identity = {"data": data, "teacher": teacher, "share": share, "width": width, "layers": layers}
    with locked_output_dir(out, identity | asdict(settings), "trainings"):
        words = load_words(data, teacher, share)
        found = drawn(TextNasSpace(layers=layers), architectures)
        done = {(int(row["seed"]), int(row["cell"])) for row in read_rows(out / "trainings.csv")}
        for seed, cell in product(range(seeds), range(architectures)):
            if (seed, cell) not in done:
                row = measure(found[cell], words, replace(settings, seed=seed), width)
                append_rows(out / "trainings.csv", COLUMNS, [{"cell": cell, **row}])


@app.command()
def rank(
    trainings: Annotated[Path, typer.Argument(help="CSV file with cell, seed and test_loss.")],
    space: str = "textnas",
    data: Data = "trec",
    teacher: Teacher = None,
    layers: Layers = 6,
    width: int = 32,
    columns: Annotated[int, typer.Option(help="Texts of the batch.")] = 32,
    max_length: int = 32,
    seed: Annotated[int, typer.Option(help="Seed of weights and texts.")] = 0,
    scores: Annotated[str | None, typer.Option(help="Names of scores (default: all).")] = None,
) -> None:
    """Print how well every score ranks the architectures of a table."""
    use_one_thread()
    losses = pd.read_csv(trainings).pivot(index="seed", columns="cell", values="test_loss")
    losses = losses.dropna(axis=1)
    searched = TextNasSpace(layers=layers) if space == "textnas" else get_space(space)
    cells = [int(cell) for cell in losses.columns.tolist()]
    found = drawn(searched, max(cells) + 1)
    texts = SampledTexts(load_words(data, teacher, share=1.0), columns, max_length, seed)
    rows = []
    for name in SENTENCE_SCORES if scores is None else scores.split(","):
        scorer = SentenceScorer(name, space, texts, {"width": width})
        values, seconds = score_all(scorer, [found[cell] for cell in cells])
        tau = agreement(values[None], -losses.to_numpy(), [(0, run) for run in range(len(losses))])
        rows.append({"score": f"`{name}`", "tau": str(tau), "CPU ms": f"{1000 * seconds:.0f}"})
        print(*rows[-1].values(), flush=True)
    print(f"\n{losses.shape[1]} architectures, trained {len(losses)} times each\n")
    print(markdown(pd.DataFrame(rows)))


def measure(
    found: Any, words: EmbeddedDataset, settings: ClassifierSettings, width: int
) -> dict[str, Any]:
    """Train an architecture, and return its row."""
    from nni_nlp_bench.training.classification.run import train_classifier
    from nni_nlp_bench.training.classification.task import network_task

    row: dict[str, Any] = {"seed": settings.seed}

    def finished(model: Any) -> None:
        test = model.evaluate(words.encoded(("test",), settings.max_length).in_order(64))
        row.update(test_loss=test.loss, test_accuracy=test.accuracy)

    task = network_task("textnas", found, words, settings, width=width, dropout=0.3)
    start = time.process_time()
    curves = train_classifier(task, threads=1, finished=finished)
    seconds = round(time.process_time() - start, 1)
    own = {"parameters": curves.parameters, "dev_loss": curves.dev_losses[-1], "cpu_s": seconds}
    return {**row, **own}


def score_all(scorer: SentenceScorer, found: list[Any]) -> tuple[Array, float]:
    """Return the ranks of the scores, and the mean processor time of one score in seconds."""
    scorer(found[0])  # what is computed once is not timed
    start = time.process_time()
    values = [scorer(each) for each in found]
    seconds = (time.process_time() - start) / len(found)
    return np.asarray(rankdata(values)), seconds  # ranks, as some scores are -inf


def drawn(space: SearchSpace[Any], count: int) -> list[Any]:
    """Return the first architectures that seed 0 draws."""
    rng = np.random.default_rng(0)
    return [space.sample(rng) for _ in range(count)]


def load_words(data: str, teacher: str | None, share: float) -> EmbeddedDataset:
    """Return sentences as the tokens of a teacher, or as the words that occur twice with random
    vectors of 64 numbers, with a share of the training set."""
    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.distillation.tokens import load_tokens
    from nni_nlp_bench.training.classification.words import EmbeddedDataset, subsample_train

    if teacher is None:
        words = EmbeddedDataset.of(load_labelled_set(data), width=64, min_count=2)
    else:
        words = load_tokens(data, teacher)
    return words if share == 1 else subsample_train(words, share, seed=0)


if __name__ == "__main__":
    app()
