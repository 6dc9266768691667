"""Compare baselines, searched and pretrained classifiers of sentences at equal cost.

    python experiments/sentence_comparison.py --data trec --teacher teachers/trec --out runs/trec

Every search has the same processor time, and is repeated with other seeds. What it finds is trained
from scratch on train and dev with each distillation loss, and evaluated once on test. Writes a row
per search to OUT/searches.csv and one per training to OUT/trainings.csv, then the report of
sentence_comparison_report.py into OUT. Run it again to resume: what is in the files is not
repeated; methods, losses and seeds can be added. Cells are trained by the recipe of KD-NAS-EMD with
--optimizer sgd --learning-rate 0.025 --weight-decay 3e-4 --drop-path 0.2.

Look at: accuracy.png, the test accuracy of every training.
Change: --methods, --kd-losses, --budget-s, --seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from experiment_jobs import resume
from sentence_comparison_methods import NONE, Method, Study, search, train
from sentence_comparison_report import write_report

from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.classification.settings import ClassifierSettings, Optimizer
from search_spaces.registry import get_space

Row = dict[str, Any]
SEARCHED = ("method", "seed", "cpu_s", "epochs", "trainings", "dev_accuracy", "architecture")
TRAINED = ("method", "seed", "run", "kd_loss", "parameters", "test_accuracy", "cpu_s", "status")
METHODS = (
    "tfidf,bag_of_vectors,cnn,bigru,encoder,textnas:published,textnas:random,"
    "textnas:regularized_evolution,textnas:enas,emd_cell:random,emd_cell:regularized_evolution,"
    "emd_cell:enas,emd_cell:darts,emd_cell:kd_emd"
)


def main(
    data: Annotated[str, typer.Option(help="Labelled sentences: a name, a file or a folder.")],
    teacher: Annotated[str, typer.Option(help="Fine-tuned teacher: its folder.")],
    out: Annotated[Path, typer.Option(help="Folder of the tables and the report.")],
    methods: Annotated[
        str, typer.Option(help="Baselines, SPACE:ARCHITECTURE, SPACE:STRATEGY[:KD_LOSS].")
    ] = METHODS,
    kd_losses: Annotated[
        str, typer.Option(help="Distillation losses of the trainings; none for the labels alone.")
    ] = NONE,
    encoder: Annotated[str, typer.Option(help="Pretrained encoder that is fine-tuned.")] = (
        "minilm-l6"
    ),
    budget_s: Annotated[float, typer.Option(help="Processor seconds of a search.")] = 240,
    search_width: Annotated[int, typer.Option(help="Width of layers in a search.")] = 32,
    search_epochs: Annotated[int, typer.Option(help="Epochs of a multi-trial training.")] = 4,
    width: Annotated[int, typer.Option(help="Width of layers in the final training.")] = 64,
    epochs: Annotated[int, typer.Option(help="Epochs of the final training.")] = 10,
    batch_size: int = 64,
    max_length: int = 32,
    dropout: float = 0.3,
    drop_path: Annotated[float, typer.Option(help="Of emd_cell.")] = 0.0,
    optimizer: Annotated[str, typer.Option(help="adam or sgd.")] = "adam",
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    seeds: Annotated[int, typer.Option(min=1, help="Searches of a method.")] = 5,
    runs: Annotated[int, typer.Option(min=1, help="Trainings of what a search found.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler, or a batch system such as slurm.")
    ] = None,
) -> None:
    """Search, train, and write the report."""
    chosen: Optimizer = "sgd" if optimizer == "sgd" else "adam"
    training = ClassifierSettings(
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        optimizer=chosen,
        learning_rate=learning_rate,
        epsilon=1e-8,
        weight_decay=weight_decay,
        embedding_dropout=dropout,
        train_on="train+dev",
    )
    lengths = (budget_s, search_width, search_epochs, width)
    study = Study(data, teacher, encoder, *lengths, dropout, drop_path, training)
    rivals = [Method(name) for name in methods.split(",")]
    with locked_output_dir(out, asdict(study), "a comparison"):
        cluster = (scheduler, workers)
        rows = search_all(study, rivals, seeds, out / "searches.csv", cluster)
        found = {(row["method"], row["seed"]): row["architecture"] for row in rows}
        wanted = trainings(rivals, found, (seeds, runs), kd_losses.split(","))
        file = out / "trainings.csv"
        resume(file, TRAINED, wanted, ("method", "seed", "run", "kd_loss"), train, study, cluster)
        write_report(out)


def search_all(
    study: Study,
    rivals: Sequence[Method],
    seeds: int,
    file: Path,
    cluster: tuple[str | None, int],
) -> list[dict[str, str]]:
    """Run the searches that are missing, and return the rows of all."""
    wanted = [
        {"method": rival.name, "seed": seed}
        for seed in range(seeds)
        for rival in rivals
        if rival.is_searched
    ]
    return resume(file, SEARCHED, wanted, ("method", "seed"), search, study, cluster)


def trainings(
    rivals: Sequence[Method],
    found: dict[tuple[str, str], str],
    counts: tuple[int, int],
    kd_losses: Sequence[str],
) -> list[Row]:
    """Return the arguments of all trainings; baselines learn from labels alone."""
    wanted = []
    seeds, runs = counts
    for run, seed, rival, kd_loss in product(range(runs), range(seeds), rivals, kd_losses):
        if not rival.space and kd_loss != NONE:
            continue
        architecture = found.get((rival.name, str(seed)), "")
        if rival.space and not architecture:
            architecture = get_space(rival.space).parse(rival.strategy).to_json()
        own = {"method": rival.name, "seed": seed, "run": run, "kd_loss": kd_loss}
        wanted.append({**own, "architecture": architecture})
    return wanted


if __name__ == "__main__":
    typer.run(main)
