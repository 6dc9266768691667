"""TextNAS against plain classifiers of as many parameters, and found against random architectures.

python experiments/textnas_study.py --data trec --vectors glove-6b-50d --out runs/textnas-trec

Every rival is trained from scratch on train and dev, with several seeds and the same settings, and
tested once. Run it again to go on: trainings that are in trainings.csv are not repeated.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from experiment_jobs import resume

from nni_nlp_bench.cli.output import plain_table, print_tables
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.loading import read_architecture
from search_spaces.registry import get_space
from search_spaces.textnas import Arc
from search_spaces.textnas.parameters import num_parameters

if TYPE_CHECKING:
    from rich.table import Table
    from torch import nn

CLOSE = 0.02
"""How far the parameters of a random rival are from those of the published architecture."""
PLAIN = ("bi-gru", "cnn")
COLUMNS = ("rival", "seed", "parameters", "test_accuracy", "seconds", "status", "architecture")


@dataclass(frozen=True)
class Rival:
    """One classifier that is trained with every seed."""

    name: str
    architecture: str
    """JSON text; empty for a plain classifier."""
    width: int


@dataclass(frozen=True)
class Study:
    """What all trainings share."""

    data: str
    vectors: str | None
    settings: ClassifierSettings
    device: str


def main(
    data: Annotated[str, typer.Option(help="Labelled sentences by name, or a folder.")],
    out: Annotated[Path, typer.Option(help="Folder for trainings.csv.")],
    vectors: Annotated[str | None, typer.Option(help="Word vectors, as for `train`.")] = None,
    width: Annotated[int, typer.Option(help="Of the architectures' layers.")] = 32,
    epochs: int = 10,
    batch_size: int = 128,
    max_length: int = 64,
    learning_rate: float = 2e-3,
    seeds: Annotated[int, typer.Option(help="Trainings of each rival.")] = 3,
    found: Annotated[
        list[str] | None, typer.Option(help="A search's best.json, as often as you like.")
    ] = None,
    random: Annotated[int, typer.Option(help="Random architectures of any size.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler, or a batch system such as slurm.")
    ] = None,
    device: str = "cpu",
) -> None:
    """Train all rivals, and print mean and deviation of their accuracy on the test part."""
    settings = ClassifierSettings(
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        learning_rate=learning_rate,
        train_on="train+dev",
    )
    study = Study(data, vectors, settings, device)
    words = EmbeddedDataset.load(data, vectors, 0)
    sizes = {"vectors": words.matrix.shape[1], "classes": len(words.data.labels)}
    rivals = rivals_of(width, sizes, found or [], random)
    claim = {**asdict(study), "data_digest": words.data.digest, "width": width}
    wanted = [
        {
            "rival": rival.name,
            "architecture": rival.architecture,
            "width": rival.width,
            "seed": seed,
        }
        for seed in range(seeds)
        for rival in rivals
    ]
    with locked_output_dir(out, {**claim, "device": None}, "a study"):
        file, cluster = out / "trainings.csv", (scheduler, workers)
        rows = resume(file, COLUMNS, wanted, ("rival", "seed"), train, study, cluster)
    print_tables(summary(rows, [rival.name for rival in rivals]))


def rivals_of(width: int, sizes: dict[str, int], found: list[str], random: int) -> list[Rival]:
    """The published architecture, plain classifiers and a random one as large, and those asked."""
    space = get_space("textnas")
    published = read_architecture(space, "published")
    wanted = num_parameters(published, sizes["vectors"], width, sizes["classes"])

    def as_large(arc: Arc) -> bool:
        parameters = num_parameters(arc, sizes["vectors"], width, sizes["classes"])
        return abs(parameters - wanted) <= CLOSE * wanted

    rng = np.random.default_rng(0)
    alike = next(arc for arc in iter(partial(space.sample, rng), None) if as_large(arc))
    rivals = [
        Rival("published", published.to_json(), width),
        Rival("random, as large", alike.to_json(), width),
        *(Rival(name, "", plain_width(name, wanted, sizes)) for name in PLAIN),
    ]
    for number, file in enumerate(found, start=1):
        rivals.append(Rival(f"found {number}", read_architecture(space, file).to_json(), width))
    for number in range(1, random + 1):
        rivals.append(Rival(f"random {number}", space.sample(rng).to_json(), width))
    return rivals


def plain_width(name: str, wanted: int, sizes: dict[str, int]) -> int:
    """The width that gives a plain classifier the parameters nearest to those wanted."""
    low, high = 1, 1
    while plain_parameters(name, high, sizes) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        small = plain_parameters(name, middle, sizes) < wanted
        low, high = (middle, high) if small else (low, middle)
    return min((low, high), key=lambda w: abs(plain_parameters(name, w, sizes) - wanted))


def plain_parameters(name: str, width: int, sizes: dict[str, int]) -> int:
    """Those of the network without the embedding of words."""
    import torch

    with torch.device("meta"):
        network = plain_network(name, width, sizes)
    return sum(weight.numel() for weight in network.parameters())


def plain_network(name: str, width: int, sizes: dict[str, int]) -> nn.Module:
    """The plain classifier of that name."""
    from nni_nlp_bench.training.classification.baselines import BiGru, Cnn

    kind = {"bi-gru": BiGru, "cnn": Cnn}[name]
    return kind(sizes["vectors"], width, sizes["classes"])


def train(study: Study, rival: str, architecture: str, width: int, seed: int) -> dict[str, object]:
    """Train a rival with a seed; return its row."""
    import torch

    from nni_nlp_bench.training.classification.run import train_classifier
    from nni_nlp_bench.training.classification.task import Task, network_task
    from nni_nlp_bench.training.memory import disable_malloc_trim

    torch.set_num_threads(1)
    disable_malloc_trim()
    words = EmbeddedDataset.load(study.data, study.vectors, seed)
    settings = replace(study.settings, seed=seed)
    if architecture:
        arc = Arc.from_json(architecture)
        task = network_task("textnas", arc, words, settings, device=study.device, width=width)
    else:
        sizes = {"vectors": words.matrix.shape[1], "classes": len(words.data.labels)}
        network = partial(plain_network, rival, width, sizes)
        task = Task(f"{rival} {width}", network, words, settings, study.device)
    curves = train_classifier(task)
    return {
        "rival": rival,
        "seed": seed,
        "parameters": curves.parameters,
        "test_accuracy": curves.test_accuracy,
        "seconds": round(sum(curves.wall_times), 1),
        "status": curves.status,
        "architecture": architecture,
    }


def summary(rows: list[dict[str, str]], names: list[str]) -> Table:
    """Mean and standard deviation over seeds."""
    lines = []
    for name in names:
        own = [row for row in rows if row["rival"] == name]
        percent = 100 * np.array([float(row["test_accuracy"]) for row in own])
        spread = f" ± {percent.std(ddof=1):.2f}" if len(own) > 1 else ""
        minutes = np.mean([float(row["seconds"]) for row in own]) / 60
        figures = (f"{int(own[0]['parameters']):,}", f"{percent.mean():.2f}{spread}")
        lines.append([name, *figures, str(len(own)), f"{minutes:.1f}"])
    columns = ("rival", "parameters", "test accuracy, %", "seeds", "minutes")
    return plain_table(None, columns, lines)


if __name__ == "__main__":
    typer.run(main)
