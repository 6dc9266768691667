"""Output files of a one-shot search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.files import write_csv, write_json
from nni_nlp_bench.one_shot.pruning import Measured
from nni_nlp_bench.one_shot.result import OneShotResult, Reward
from nni_nlp_bench.one_shot.task import OneShotTask
from search_spaces.plotting import blank_figure, save_plot, warn_on_failure
from search_spaces.registry import get_space

BEST = "best.json"
SMOOTHED = 0.1
"""Window of the running mean in the plot, as a fraction of all rewards."""
PRUNING_COLUMNS = ["round", "choice", "value", "ntk_drop", "regions_drop", "rank_sum", "pruned"]


def write_files(
    out: Path, task: OneShotTask, strategy: str, seed: int, result: OneShotResult
) -> None:
    """Write the output files of a search.

    `settings.json`; `best.png`: the architecture; `rewards.csv`: one row per reward; `rewards.png`:
    rewards over time. A strategy that prunes has no rewards, but `pruning.csv`: one row per
    candidate and round. `best.json` is the last: a folder that has it is complete.
    """
    write_json(out / "settings.json", settings_of(task, strategy, seed))
    if result.validation is None:
        write_csv(out / "pruning.csv", PRUNING_COLUMNS, map(_pruning_row, result.measured))
    else:
        columns = [field.name for field in fields(Reward)]
        write_csv(out / "rewards.csv", columns, map(asdict, result.rewards))
        with warn_on_failure(out / "rewards.png"):
            _plot(out / "rewards.png", result.rewards, task, f"{strategy}, seed {seed}")
    with warn_on_failure(out / "best.png"):
        get_space(task.space).draw(result.architecture, out / "best.png")
    write_json(out / BEST, best_of(task, strategy, seed, result))


def settings_of(task: OneShotTask, strategy: str, seed: int) -> dict[str, Any]:
    """Return everything that determines the result of a search."""
    return {**_run(task, strategy, seed), **asdict(task.settings)}


def best_of(task: OneShotTask, strategy: str, seed: int, result: OneShotResult) -> dict[str, Any]:
    """Return the best architecture and its validation result, for `best.json`."""
    return {
        "space": task.space,
        "architecture": json.loads(result.architecture.to_json()),
        "canonical_key": result.architecture.canonical_key,
        **_run(task, strategy, seed),
        **({} if result.validation is None else result.validation.metrics),
        **task.extra_outputs(result.architecture),
    }


def _pruning_row(measured: Measured) -> dict[str, Any]:
    return {
        "round": measured.round,
        "choice": measured.candidate.label,
        "value": measured.candidate.value,
        "ntk_drop": measured.drops.ntk,
        "regions_drop": measured.drops.regions,
        "rank_sum": measured.rank,
        "pruned": measured.pruned,
    }


def _run(task: OneShotTask, strategy: str, seed: int) -> dict[str, Any]:
    return {"strategy": strategy, "seed": seed, **task.metadata()}


def _plot(path: Path, rewards: Sequence[Reward], task: OneShotTask, title: str) -> None:
    """Plot every reward as a point and the running mean as a line; higher is better."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    values = np.array([reward.reward for reward in rewards])
    width = max(1, int(SMOOTHED * len(values)))
    smooth = np.convolve(values, np.full(width, 1 / width), "valid")
    figure = blank_figure(7, 4)
    axes = figure.subplots()
    axes.plot(np.arange(1, len(values) + 1), values, ".", markersize=3, color="#56B4E9")
    axes.plot(np.arange(width, len(values) + 1), smooth, color="#0072B2")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("validation batches")
    axes.set_ylabel(f"reward: {task.reward}")
    line = f"; line: mean of the last {width}" if width > 1 else ""
    axes.set_title(f"{title}\npoints: rewards{line}", fontsize=10)
    save_plot(figure, path)
