"""How well do the shared weights of a one-shot search rank cells that are trained alone?

    python experiments/one_shot_ranking.py --out runs/one_shot_ranking

Supernets of `enas_cell` are trained with sampled cells. Random cells get their validation loss with
the shared weights of each supernet after so many epochs, and are trained from scratch with the same
sizes, optimizer, dropout and window length, at a learning rate of their own. Writes a row per loss
to OUT/losses.csv, then the report of one_shot_ranking_report.py into OUT. Run it again to resume:
what is in losses.csv is not repeated; cells and seeds can be added.

Look at: one_shot_ranking.png, shared-weight losses beside those of trainings.
Change: --cells, --supernets, --strategies, --corpus.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from experiment_jobs import Job, run_jobs
from experiment_tables import read_rows
from one_shot_ranking_losses import ALONE, CELLS, COLUMNS, KERNEL, LOSSES, SUPERNET
from one_shot_ranking_report import write_report

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.data.corpora import load_corpus
from search_spaces.enas_cell import Cell
from search_spaces.enas_cell.space import EnasCellSpace

if TYPE_CHECKING:
    from nni_nlp_bench.one_shot.language.task import LanguageTask
    from nni_nlp_bench.training.log import Curves
    from nni_nlp_bench.training.settings import Settings

Row = dict[str, Any]
CELLS_SEED = 0
KERNEL_SAMPLES = 14
"""Columns of text of the tangent kernel, as in TE-NAS."""


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that determines a loss, besides the cell and the seed."""

    corpus: str
    nodes: int
    width: int
    epochs: int
    """Of a training from scratch."""
    supernet_epochs: tuple[int, ...]
    """Epochs of a supernet after which cells are evaluated, ascending."""
    learning_rate: float
    """Of a training from scratch."""
    supernet_learning_rate: float
    dropout: float = 0.2
    bptt: int = 35
    batch_size: int = 20

    def task(self, strategy: str, epochs: int) -> LanguageTask:
        """Return the one-shot task."""
        from nni_nlp_bench.one_shot.inputs import OneShotInputs, make_task

        settings = {
            "epochs": epochs,
            "nodes": self.nodes,
            "width": self.width,
            "learning_rate": self.supernet_learning_rate,
            "dropout": self.dropout,
            "bptt": self.bptt,
            "batch_size": self.batch_size,
        }
        if strategy == "random_one_shot":
            settings["valid_windows"] = 1  # its rewards change nothing
        task = make_task("enas_cell", strategy, OneShotInputs(self.corpus), settings, 0)
        from nni_nlp_bench.one_shot.language.task import LanguageTask

        assert isinstance(task, LanguageTask)
        return task

    def training(self, seed: int) -> Settings:
        """Return the settings of a training from scratch."""
        from nni_nlp_bench.training.settings import Dropouts, Settings, Sizes

        return Settings(
            epochs=self.epochs,
            sizes=Sizes(self.width, self.width, 1),
            dropouts=Dropouts(self.dropout, 0.0, self.dropout, 0.0, 0.0),
            weight_drop="trained",
            batch_size=self.batch_size,
            bptt=self.bptt,
            learning_rate=self.learning_rate,
            weight_decay=0.0,
            activation_penalty=0.0,
            slowness_penalty=0.0,
            seed=seed,
        )


def main(
    out: Annotated[Path, typer.Option(help="Folder of losses, supernets and the report.")],
    corpus: Annotated[str, typer.Option(help="Corpus by name, or a folder.")] = "pydoc-small",
    cells: Annotated[int, typer.Option(min=2, help="Random cells.")] = 40,
    seeds: Annotated[int, typer.Option(min=2, help="Trainings of each cell.")] = 2,
    supernets: Annotated[int, typer.Option(min=2, help="Supernets of each strategy.")] = 3,
    strategies: Annotated[str, typer.Option(help="One-shot strategies.")] = "random_one_shot",
    nodes: Annotated[int, typer.Option(min=2, help="Nodes of a cell.")] = 4,
    width: Annotated[int, typer.Option(min=1, help="Width of embedding and state.")] = 64,
    epochs: Annotated[int, typer.Option(min=2, help="Epochs of a training.")] = 18,
    supernet_epochs: Annotated[str, typer.Option(help="Epochs of a supernet.")] = "10,20,40,80",
    learning_rate: Annotated[float, typer.Option(help="Of a training.")] = 0.01,
    supernet_learning_rate: Annotated[float, typer.Option(help="Of a supernet.")] = 0.003,
    workers: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler, or a batch system such as slurm.")
    ] = None,
) -> None:
    """Train what is missing, and write the report."""
    stages = tuple(sorted({int(each) for each in supernet_epochs.split(",")}))
    study = Study(corpus, nodes, width, epochs, stages, learning_rate, supernet_learning_rate)
    drawn = draw_cells(nodes, cells)
    claim = {**asdict(study), "digest": load_corpus(corpus).digest}
    with locked_output_dir(out, claim, "a study of one-shot ranking"):
        write_json(out / CELLS, [cell.to_json() for cell in drawn])
        jobs = missing_jobs(study, drawn, seeds, supernets, strategies.split(","), out)
        run_jobs(out / LOSSES, COLUMNS, jobs, (scheduler, workers))
        write_report(out, out)


def draw_cells(nodes: int, count: int) -> list[Cell]:
    """Return different random cells; the first ones are the same for every count."""
    space, rng = EnasCellSpace(nodes=nodes), np.random.default_rng(CELLS_SEED)
    found: dict[Cell, None] = {}
    for _ in range(1000 * count):
        if len(found) < count:
            found.setdefault(space.sample(rng))
    if len(found) < count:
        raise UserError(f"{nodes} nodes give too few cells for {count}: take fewer, or more nodes")
    return list(found)


def missing_jobs(
    study: Study,
    cells: Sequence[Cell],
    seeds: int,
    supernets: int,
    strategies: Sequence[str],
    out: Path,
) -> dict[str, Job]:
    """Return the jobs whose rows the file lacks: supernets, then cell after cell."""
    done = {(row["source"], int(row["cell"]), int(row["seed"])) for row in read_rows(out / LOSSES)}
    jobs: dict[str, Job] = {}
    for strategy in strategies:
        for seed in range(supernets):
            left = {i: cell for i, cell in enumerate(cells) if (strategy, i, seed) not in done}
            if left:
                jobs[f"{strategy}, {seed}"] = partial(
                    shared_losses, study, strategy, seed, left, out
                )
    for number, cell in enumerate(cells):
        for seed in range(seeds):
            for source, function in ((KERNEL, kernel_condition), (ALONE, train_alone)):
                if (source, number, seed) not in done:
                    name = f"{source}, cell {number}, {seed}"
                    jobs[name] = partial(function, study, number, cell, seed)
    return jobs


def shared_losses(
    study: Study, strategy: str, seed: int, cells: dict[int, Cell], out: Path
) -> list[Row]:
    """Train a supernet; return the losses of the cells after every stage.

    Each stage has a folder with its checkpoint, so that cells can be added later.
    """
    from nni_nlp_bench.one_shot.fit import CHECKPOINT, fit
    from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES
    from nni_nlp_bench.training.seeding import seeded
    from nni_nlp_bench.training.threads import torch_threads

    rows, before = [], None
    for epochs in study.supernet_epochs:
        folder = out / "supernets" / f"{strategy}-{seed}" / str(epochs)
        folder.mkdir(parents=True, exist_ok=True)
        if before is not None and not (folder / CHECKPOINT).exists():
            shutil.copy(before / CHECKPOINT, folder / CHECKPOINT)
        task = study.task(strategy, epochs)
        with seeded(seed), torch_threads(1, 0):
            trained = ONE_SHOT_STRATEGIES.get(strategy).make(task.settings)
            started = process_time()
            module, _ = fit(task, trained, seed, folder, progress=False)
            seconds = process_time() - started
            rows.append(as_row(strategy, SUPERNET, seed, epochs, math.nan, seconds))
            for number, cell in cells.items():
                started = process_time()
                loss = math.log(task.measure(module, cell).metrics["perplexity"])
                seconds = process_time() - started
                rows.append(as_row(strategy, number, seed, epochs, loss, seconds))
        before = folder
    return rows


def train_alone(study: Study, number: int, cell: Cell, seed: int) -> list[Row]:
    """Train a cell from scratch; return its validation loss after every epoch."""
    from nni_nlp_bench.training.run import train

    rows: list[Row] = []
    started = process_time()

    def epoch_done(curves: Curves) -> None:
        seconds = process_time() - started
        rows.append(as_row(ALONE, number, seed, curves.epochs, curves.val_losses[-1], seconds))

    train(cell, load_corpus(study.corpus), study.training(seed), epoch_done=epoch_done)
    return rows


def kernel_condition(study: Study, number: int, cell: Cell, seed: int) -> list[Row]:
    """Return the condition number of the tangent kernel of the untrained cell."""
    from nni_nlp_bench.training.seeding import seeded
    from nni_nlp_bench.training.threads import torch_threads
    from nni_nlp_bench.zero_cost.ntk import ntk_condition

    task = study.task("random_one_shot", 1)
    with seeded(seed), torch_threads(1, 0):
        supernet = task.model_space(seed)
        model = supernet.freeze(supernet.choices.to_sample(cell)).eval()
        started = process_time()
        outputs = task.kernel_outputs(model, KERNEL_SAMPLES, seed)()
        condition = ntk_condition(outputs, list(model.cell.parameters()), vectorized=True)
    return [as_row(KERNEL, number, seed, 0, condition, process_time() - started)]


def as_row(source: str, number: int, seed: int, epoch: int, value: float, seconds: float) -> Row:
    """Return a row of the file; a value that is not finite is left empty."""
    shown = round(value, 6) if math.isfinite(value) else ""
    return dict(zip(COLUMNS, (source, number, seed, epoch, shown, round(seconds, 3)), strict=True))


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
