"""`one-shot`: search with weight sharing."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import (
    bar,
    echo,
    key_value_table,
    plain_table,
    print_json,
    print_tables,
)
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_LAYERS, MAX_SEEDS, MAX_WIDTH

if TYPE_CHECKING:
    from nni_nlp_bench.one_shot.result import OneShotResult
    from nni_nlp_bench.one_shot.seeds import SeedsResult
    from nni_nlp_bench.one_shot.task import OneShotTask
    from nni_nlp_bench.parallel.one_shot import OneShotSearch

_SIZES = "Sizes (defaults depend on the space)"


def one_shot(
    strategy: Annotated[str, typer.Option(help="Name of a one-shot strategy, see `list`.")],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            "--corpus",
            help="Name, file or folder of labelled sentences; for enas_cell name or folder of a "
            "corpus.",
            rich_help_panel=options.INPUT,
        ),
    ],
    space: options.SpaceName,
    out: options.Out,
    seed: options.Seed = 0,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_SEEDS,
            help="Number of seeds from --seed on, with one search per seed (default: one search "
            "into --out itself).",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, max=MAX_COUNT, help="Epochs of the search.")
    ] = None,
    vectors: options.Vectors = None,
    teacher: options.Teacher = None,
    kd_loss: options.KdLoss = None,
    nodes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_LAYERS, help="Nodes of the cell (enas_cell).", rich_help_panel=_SIZES
        ),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_LAYERS, help="Number of layers (textnas).", rich_help_panel=_SIZES
        ),
    ] = None,
    cells: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_LAYERS, help="Number of equal cells (emd_cell).", rich_help_panel=_SIZES
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_WIDTH, help="Width of the layers or the cell.", rich_help_panel=_SIZES
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_COUNT,
            help="Number of sentences, or columns of text, per batch.",
            rich_help_panel=_SIZES,
        ),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_COUNT,
            help="Maximum number of words or tokens per sentence.",
            rich_help_panel=_SIZES,
        ),
    ] = None,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
    json: options.Json = False,
) -> None:
    """Search with weight sharing. Run it again to resume after an interruption.

    Trains a supernet together with the distribution over its architectures; te_nas prunes it
    without training.
    Writes best.json, best.png, rewards.csv, rewards.png and logs for TensorBoard to --out; te_nas
    writes pruning.csv in place of rewards and logs.
    With --seeds, each search runs in a process of its own and writes them to its folder seed-SEED;
    --out then holds seeds.csv, summary.json and the best.json of the best seed.
    """
    sizes = {
        "epochs": epochs,
        "nodes": nodes,
        "layers": layers,
        "cells": cells,
        "width": width,
        "batch_size": batch_size,
        "max_length": max_length,
    }
    settings = {name: size for name, size in sizes.items() if size is not None}
    from nni_nlp_bench.one_shot.inputs import OneShotInputs
    from nni_nlp_bench.parallel.one_shot import OneShotSearch

    search = OneShotSearch(
        space, strategy, OneShotInputs(data, vectors, teacher, kd_loss), settings
    )
    if seeds is not None:
        _search_seeds(search, range(seed, seed + seeds), out, (workers, scheduler), json)
    elif workers is not None or scheduler is not None:
        raise UserError("--workers and --scheduler run several searches: give --seeds too")
    else:
        _search(search, seed, out, json)


def _prepared_task(search: OneShotSearch, seed: int) -> OneShotTask:
    """Return the task of a seed, with the outputs of its teacher."""
    with bar("word vectors", in_bytes=True) as progress:
        task = search.task(seed, progress)
    with bar("teacher") as progress:
        task.prepare(progress)
    return task


def _search(search: OneShotSearch, seed: int, out: Path, as_json: bool) -> None:
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.one_shot.files import best_of, settings_of
    from nni_nlp_bench.training.memory import disable_malloc_trim

    task, strategy = _prepared_task(search, seed), search.strategy
    from nni_nlp_bench.one_shot.search import search_one_shot

    disable_malloc_trim()
    with (
        locked_output_dir(out, settings_of(task, strategy, seed), "a search"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", FutureWarning)  # from Lightning's use of torch
        result = search_one_shot(task, strategy, seed, out, progress=sys.stderr.isatty())
    if as_json:
        print_json({**best_of(task, strategy, seed, result), "out": str(out)})
    else:
        _print(task, result, out)


def _search_seeds(
    search: OneShotSearch,
    seeds: range,
    out: Path,
    execution: tuple[int | None, str | None],
    as_json: bool,
) -> None:
    from nni_nlp_bench.parallel.one_shot import search_seeds

    task, (workers, scheduler) = _prepared_task(search, seeds[0]), execution
    with bar("searches") as progress:
        result = search_seeds(
            search, task, seeds, out, workers=workers, scheduler=scheduler, progress=progress
        )
    if as_json:
        print_json({**result.to_dict(), "out": str(out)})
    else:
        _print_seeds(result)


def _print_seeds(result: SeedsResult) -> None:
    from nni_nlp_bench.one_shot.files import BEST
    from nni_nlp_bench.one_shot.seeds import SEEDS
    from nni_nlp_bench.reports.page.formatting import format_number

    metric, best = result.metric, result.best
    shown = "" if metric is None else metric.replace("_", " ")
    columns = ("seed", *([shown] if metric else []), "found")
    rows = [
        (
            str(each.seed),
            *([format_number(each.value, ".4g")] if metric else []),
            each.architecture.canonical_key,
        )
        for each in result.results
    ]
    print_tables(plain_table(None, columns, rows))
    if metric is not None:
        better = "higher" if result.maximize else "lower"
        echo(f"{shown} with the shared weights, {better} is better:")
        spread = format_number(result.std, ".3g")
        echo(f"mean    {format_number(result.mean, '.4g')}, standard deviation {spread}")
    if best is not None:
        echo(f"best    seed {best.seed}: {result.folder / BEST}")
    echo(f"table   {result.folder / SEEDS}")


def _print(task: OneShotTask, result: OneShotResult, out: Path) -> None:
    inputs = task.metadata()
    rows = {"found": result.architecture.canonical_key}
    if "kd_loss" in inputs:
        fine_tuned_on = (
            inputs["fine_tuned_on"] or "nothing: fine-tune it with `nni-nlp-bench teacher`"
        )
        rows |= {"distillation loss": inputs["kd_loss"], "teacher fine-tuned on": fine_tuned_on}
    if result.validation is not None:
        rows |= {
            f"{name.replace('_', ' ')} with the shared weights": f"{value:.4g}"
            for name, value in result.validation.metrics.items()
        }
    rows |= {"best": str(out / "best.json"), "picture": str(out / "best.png")}
    if result.validation is None:
        rows["criteria of the pruning"] = str(out / "pruning.csv")
    else:
        rows["rewards"] = str(out / "rewards.png")
        rows["logs"] = f"tensorboard --logdir {out / 'tensorboard'}"
    print_tables(key_value_table(rows))
