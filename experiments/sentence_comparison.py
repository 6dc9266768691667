"""One-shot strategies and random search on emd_cell, with the same seconds and the same training.

python experiments/emd_cell_study.py --data trec --teacher teachers/trec --out runs/emd-cell-trec

Each strategy searches with several seeds within a budget of processor seconds. What it finds is
trained from scratch on train and dev with each distillation loss, and tested once. Run it again to
resume: what is in searches.csv and trainings.csv is not repeated.
"""

from __future__ import annotations

import csv
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from nni_nlp_bench.cli.output import bar, plain_table, print_tables
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from search_spaces.base import get_space

if TYPE_CHECKING:
    from rich.table import Table

    from nni_nlp_bench.training.classification.words import EmbeddedDataset

Row = dict[str, Any]
SPACE = "emd_cell"
RANDOM = "random"
SEARCHED = ("strategy", "seed", "cpu_minutes", "epochs", "cells_tried", "dev_accuracy", "genotype")
TRAINED = ("strategy", "seed", "kd_loss", "parameters", "test_accuracy", "seconds", "status")


@dataclass(frozen=True)
class Study:
    """What all searches and trainings share."""

    data: str
    teacher: str
    budget_s: float
    """Processor seconds of a search."""
    width: int
    """Of a search's layers."""
    batch_size: int
    max_length: int
    random_epochs: int
    """Of each training of random search."""
    full: ClassifierSettings = field(default_factory=ClassifierSettings)
    full_width: int = 32


def main(
    data: Annotated[str, typer.Option(help="Labelled sentences by name, or a folder.")],
    teacher: Annotated[str, typer.Option(help="A teacher by name, or its folder.")],
    out: Annotated[Path, typer.Option(help="Folder for searches.csv and trainings.csv.")],
    strategies: Annotated[
        str,
        typer.Option(
            help="Names apart by commas; kd_emd:KD_LOSS has another distillation loss than emd."
        ),
    ] = "kd_emd,darts,random",
    kd_losses: Annotated[str, typer.Option(help="Of the trainings, apart by commas.")] = "emd,none",
    budget_s: Annotated[float, typer.Option(help="Processor seconds of a search.")] = 240,
    width: Annotated[int, typer.Option(help="Of layers in a search.")] = 16,
    full_width: Annotated[int, typer.Option(help="Of layers in a training.")] = 32,
    batch_size: int = 64,
    max_length: int = 32,
    epochs: Annotated[int, typer.Option(help="Of a training.")] = 10,
    random_epochs: Annotated[int, typer.Option(help="Of random search's trainings.")] = 3,
    seeds: Annotated[int, typer.Option(help="Searches of each strategy.")] = 3,
    workers: Annotated[int, typer.Option(help="Processes at a time.")] = 1,
) -> None:
    """Search and train, and print what each strategy comes to on the test part."""
    full = ClassifierSettings(
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        optimizer="sgd",
        learning_rate=0.025,
        weight_decay=3e-4,
        train_on="train+dev",
    )
    shared = (budget_s, width, batch_size, max_length, random_epochs)
    study = Study(data, teacher, *shared, full, full_width)
    names = strategies.split(",")
    with locked_output_dir(out, asdict(study), "a study"):
        pairs = [{"strategy": name, "seed": seed} for seed in range(seeds) for name in names]
        searched = kept(out / "searches.csv", SEARCHED, pairs, search, (study,), workers)
        found = {(row["strategy"], row["seed"]): row["genotype"] for row in searched}
        wanted = [
            {**pair, "kd_loss": kd_loss} for pair, kd_loss in product(pairs, kd_losses.split(","))
        ]
        trained = kept(out / "trainings.csv", TRAINED, wanted, train, (study, found), workers)
    print_tables(summary(names, kd_losses.split(","), searched, trained))


def kept(
    file: Path,
    columns: tuple[str, ...],
    wanted: list[Row],
    work: Callable[..., Row],
    shared: tuple[Any, ...],
    workers: int,
) -> list[dict[str, str]]:
    """The rows of a file, those that are missing made first."""
    done = read_rows(file)
    missing = [
        want
        for want in wanted
        if not any(all(row[key] == str(value) for key, value in want.items()) for row in done)
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool, bar(file.stem) as progress:
        progress(len(done), len(done) + len(missing))
        running = [pool.submit(work, *shared, **want) for want in missing]
        for number, task in enumerate(as_completed(running), start=len(done) + 1):
            append_row(file, columns, task.result())
            progress(number, len(done) + len(missing))
    return read_rows(file)


def search(study: Study, strategy: str, seed: int) -> Row:
    """One search within the budget; its row."""
    words = prepared(study)
    found = random_search if strategy == RANDOM else one_shot
    return {"strategy": strategy, "seed": seed, **found(study, words, strategy, seed)}


def prepared(study: Study) -> EmbeddedDataset:
    """The sentences as the teacher's tokens; this process computes with one thread."""
    import torch

    from nni_nlp_bench.distillation.tokens import load_tokens
    from nni_nlp_bench.training.memory import disable_malloc_trim

    torch.set_num_threads(1)
    disable_malloc_trim()
    return load_tokens(study.data, study.teacher)


def one_shot(study: Study, words: EmbeddedDataset, strategy: str, seed: int) -> Row:
    """As many epochs as the budget has, by the time of the first two."""
    from nni_nlp_bench.core.nni_import import import_nni_quietly

    import_nni_quietly()
    from nni_nlp_bench.one_shot.search import search_one_shot
    from nni_nlp_bench.one_shot.sentences.settings import EmdCellSettings
    from nni_nlp_bench.one_shot.sentences.task import SentenceTask

    name, _, kd_loss = strategy.partition(":")
    distilled = (kd_loss or "emd") if name == "kd_emd" else None
    sizes: dict[str, Any] = {"batch_size": study.batch_size, "max_length": study.max_length}

    def task(epochs: int) -> SentenceTask:
        settings = EmdCellSettings(epochs=epochs, width=study.width, **sizes)
        return SentenceTask(words, settings, SPACE, distilled)

    task(2).prepare()  # the teacher reads the sentences once for all searches: no search's time
    start = time.process_time()
    search_one_shot(task(2), name, seed)
    epochs = max(2, int(study.budget_s / ((time.process_time() - start) / 2)))
    start = time.process_time()
    found = search_one_shot(task(epochs), name, seed)
    seconds = time.process_time() - start
    genotype = get_space(SPACE).release_formats(found.architecture)["genotype"]  # type: ignore[attr-defined]
    assert found.validation is not None  # both strategies train
    accuracy = found.validation.reward
    return {
        "cpu_minutes": round(seconds / 60, 2),
        "epochs": epochs,
        "cells_tried": "",
        "dev_accuracy": accuracy,
        "genotype": genotype,
    }


def random_search(study: Study, words: EmbeddedDataset, strategy: str, seed: int) -> Row:
    """The best on dev of as many random cells as the budget lets train."""
    space: Any = get_space(SPACE)
    rng = np.random.default_rng(seed)
    settings = replace(study.full, epochs=study.random_epochs, train_on="train", seed=seed)
    tried: list[tuple[float, int, str]] = []
    start = time.process_time()
    while not tried or time.process_time() - start < study.budget_s:
        cell = space.sample(rng)
        curves = trained_cell(words, cell, settings, study.width, "none")
        tried.append(
            (curves.dev_accuracies[-1], -len(tried), space.release_formats(cell)["genotype"])
        )
    accuracy, _, genotype = max(tried)
    return {
        "cpu_minutes": round((time.process_time() - start) / 60, 2),
        "epochs": study.random_epochs * len(tried),
        "cells_tried": len(tried),
        "dev_accuracy": accuracy,
        "genotype": genotype,
    }


def train(study: Study, found: dict[tuple[str, str], str], **row: Any) -> Row:
    """Train what a search has found with one distillation loss, and test it; its row."""
    words = prepared(study)
    cell = get_space(SPACE).parse(found[row["strategy"], str(row["seed"])])
    settings = replace(study.full, seed=row["seed"])
    curves = trained_cell(words, cell, settings, study.full_width, row["kd_loss"])
    return {
        **row,
        "parameters": curves.parameters,
        "test_accuracy": curves.test_accuracy,
        "seconds": round(sum(curves.wall_times), 1),
        "status": curves.status,
    }


def trained_cell(
    words: EmbeddedDataset, cell: Any, settings: ClassifierSettings, width: int, kd_loss: str
) -> Any:
    """The course of the training of a cell's classifier."""
    from nni_nlp_bench.distillation.distilled import distilled
    from nni_nlp_bench.training.classification.run import train_classifier
    from nni_nlp_bench.training.classification.task import network_task

    task = network_task(SPACE, cell, words, settings, width=width, drop_path=0.2)
    return train_classifier(distilled(task, kd_loss, 10.0))


def read_rows(file: Path) -> list[dict[str, str]]:
    """What was done so far."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def append_row(file: Path, columns: tuple[str, ...], row: Row) -> None:
    """Add a search or a training."""
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        if new:
            writer.writeheader()
        writer.writerow(row)


def summary(
    names: list[str], kd_losses: list[str], searched: list[dict[str, str]], trained: list[Row]
) -> Table:
    """Mean and standard deviation over seeds."""
    lines = []
    for name in names:
        own = [row for row in searched if row["strategy"] == name]
        minutes = np.mean([float(row["cpu_minutes"]) for row in own])
        line = [name, str(len(own)), f"{minutes:.1f}"]
        for kd_loss in kd_losses:
            rows = [r for r in trained if (r["strategy"], r["kd_loss"]) == (name, kd_loss)]
            percent = 100 * np.array([float(row["test_accuracy"]) for row in rows])
            spread = f" ± {percent.std(ddof=1):.2f}" if len(rows) > 1 else ""
            line.append(f"{percent.mean():.2f}{spread}")
        sizes = [int(row["parameters"]) for row in trained if row["strategy"] == name]
        lines.append([*line, f"{np.mean(sizes):,.0f}"])
    columns = ("strategy", "seeds", "search, CPU minutes")
    tests = [f"test, %, distillation loss {kd_loss}" for kd_loss in kd_losses]
    return plain_table(None, (*columns, *tests, "parameters"), lines)


if __name__ == "__main__":
    typer.run(main)
