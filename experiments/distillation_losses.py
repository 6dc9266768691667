"""Do distillation losses rank the cells of `emd_cell` as their test losses do?

    python experiments/distillation_losses.py --data trec --teacher teachers/trec --out runs/losses

KD-NAS-EMD chooses the cell whose network has the lowest distillation loss. Random cells are trained
from scratch on labels alone; each network then gets every distillation loss that has no parameters
of its own, on the dev sentences, before and after its training. Writes a row per training to
OUT/losses.csv, and the rank correlations with the test loss of another training of the same cell to
OUT/losses.md. Run it again to resume; cells and seeds can be added.

Look at: losses.md.
Change: --cells, --teacher (minilm-l6 is a teacher that is not fine-tuned).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import typer
from experiment_jobs import resume
from experiment_tables import markdown
from one_shot_ranking_statistics import agreement
from sentence_comparison_methods import use_one_thread

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from search_spaces.registry import get_space

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.batches import Encoded
    from nni_nlp_bench.training.classification.classifier import Classifier
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

Row = dict[str, Any]
LOSSES = ("emd", "skip_mapping", "attention_transfer", "similarity", "nst", "soft_labels")
"""Distillation losses without parameters of their own."""
TRAINED, UNTRAINED = "trained", "untrained"
IDENTITY = ("cell", "seed")
COLUMNS = (
    *IDENTITY,
    "parameters",
    "convolutions",
    "test_accuracy",
    "test_loss",
    "dev_loss",
    *(f"{name}, {when}" for name in LOSSES for when in (TRAINED, UNTRAINED)),
)


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that determines a row, besides the cell and the seed."""

    data: str
    teacher: str
    width: int
    training: ClassifierSettings


def main(
    data: Annotated[str, typer.Option(help="Labelled sentences: a name, a file or a folder.")],
    teacher: Annotated[str, typer.Option(help="A teacher: its folder, or a name.")],
    out: Annotated[Path, typer.Option(help="Folder of the table and the report.")],
    cells: Annotated[int, typer.Option(min=4, help="Random cells.")] = 30,
    seeds: Annotated[int, typer.Option(min=2, help="Trainings of each cell.")] = 2,
    width: Annotated[int, typer.Option(help="Width of layers.")] = 32,
    epochs: int = 6,
    max_length: int = 32,
    learning_rate: float = 2e-3,
    workers: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
) -> None:
    """Train the cells, measure the losses, and write the report."""
    training = ClassifierSettings(
        epochs=epochs,
        batch_size=64,
        max_length=max_length,
        learning_rate=learning_rate,
        epsilon=1e-8,
        weight_decay=0.0,
        embedding_dropout=0.3,
    )
    study = Study(data, teacher, width, training)
    rng = np.random.default_rng(0)
    found = [get_space("emd_cell").sample(rng).to_json() for _ in range(cells)]
    wanted = [
        {"cell": cell, "seed": seed, "architecture": architecture}
        for cell, architecture in enumerate(found)
        for seed in range(seeds)
    ]
    with locked_output_dir(out, asdict(study), "measured losses"):
        resume(out / "losses.csv", COLUMNS, wanted, IDENTITY, measure, study, (None, workers))
        write_report(pd.read_csv(out / "losses.csv"), out / "losses.md")


def measure(study: Study, cell: int, seed: int, architecture: str) -> Row:
    """Train a cell, and return its losses."""
    from nni_nlp_bench.training.classification.run import train_classifier
    from nni_nlp_bench.training.classification.task import network_task

    use_one_thread()
    words, settings = load_words(study), replace(study.training, seed=seed)
    found = get_space("emd_cell").parse(architecture)
    task = network_task("emd_cell", found, words, settings, width=study.width, dropout=0.3)
    row: Row = {"cell": cell, "seed": seed, "convolutions": architecture.count("conv")}
    row |= distillation_losses(task.trainer().model, words, UNTRAINED, settings)

    def finished(model: Classifier) -> None:
        test = words.encoded(("test",), settings.max_length)
        found = model.evaluate(test.in_order(settings.batch_size))
        row.update(test_loss=found.loss, test_accuracy=found.accuracy)
        row.update(distillation_losses(model, words, TRAINED, settings))

    curves = train_classifier(task, threads=1, finished=finished)
    return {**row, "parameters": curves.parameters, "dev_loss": curves.dev_losses[-1]}


def distillation_losses(
    model: Classifier, words: EmbeddedDataset, when: str, settings: ClassifierSettings
) -> Row:
    """Return the mean of each distillation loss over the dev sentences."""
    import torch

    from nni_nlp_bench.distillation.distilled import make_objective, student_outputs

    dev: Encoded = words.encoded(("dev",), settings.max_length)
    model.eval()
    means: Row = {}
    for name in LOSSES:
        objective = make_objective(name, model.network, words, dev)
        total = 0.0
        with torch.no_grad():
            for batch in dev.in_order(settings.batch_size):
                vectors = model.embedding(batch.words)
                student = student_outputs(model.network, vectors, batch.mask)
                total += float(objective(student, batch)) * len(batch.labels)
        means[f"{name}, {when}"] = total / len(dev)
    return means


@cache
def load_words(study: Study) -> EmbeddedDataset:
    """Return the sentences as the tokens of the teacher."""
    from nni_nlp_bench.distillation.tokens import load_tokens

    return load_tokens(study.data, study.teacher)


def write_report(rows: pd.DataFrame, path: Path) -> None:
    """Write and print Kendall's tau of every loss with the test loss of another training."""
    table = markdown(pd.DataFrame(list(correlations(rows))))
    with atomic_write(path) as file:
        file.write_text(f"{table}\n", "utf-8")
    print(table)


def correlations(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield a row of the report for each loss: lower should mean a lower test loss."""
    test = runs_by_cell(rows, "test_loss")
    pairs = list(permutations(range(len(test)), 2))
    names = ["test_loss", "dev_loss", "parameters", "convolutions"]
    names += [f"{name}, {when}" for when in (TRAINED, UNTRAINED) for name in LOSSES]
    convolutions = runs_by_cell(rows, "convolutions")
    for name in names:
        values = runs_by_cell(rows, name)
        third = len(values[0]) // 3
        lowest = [np.argsort(run, kind="stable")[:third] for run in values]
        yield {
            "lower": name,
            "tau with the test loss": str(agreement(values, test, pairs)),
            "convolutions of the lowest third": f"{np.mean(convolutions[0][lowest]):.1f}",
        }


def runs_by_cell(rows: pd.DataFrame, column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values (seeds, cells) of the cells whose trainings are complete."""
    table = rows.pivot(index="seed", columns="cell", values=column)
    return table.dropna(axis=1).to_numpy(dtype=np.float64)


if __name__ == "__main__":
    typer.run(main)
