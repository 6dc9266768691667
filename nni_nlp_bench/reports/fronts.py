"""Pareto fronts of searches with several objectives, as rows of files and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.core.pareto import nondominated
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.hypervolume import ReferenceFront
from nni_nlp_bench.strategies.result import SearchResult

FRONT = "front.csv"


def front_rows(results: Sequence[SearchResult]) -> Iterator[dict[str, Any]]:
    """Return one row per architecture on the front of each search.

    `on_joint_front` is whether no other search found a better one.
    """
    joint = {row["canonical_key"] for row in joint_front(results)}
    for result in results:
        for trial in result.pareto_front():
            yield {**_row(result, trial), "on_joint_front": trial.key in joint}


def joint_front(results: Sequence[SearchResult]) -> list[dict[str, Any]]:
    """Return one row per architecture on the front of all searches, with the first that found it.

    Rows are sorted by the first objective, best first.
    """
    found: dict[str, tuple[SearchResult, Trial]] = {}
    for result in results:
        for trial in result.pareto_front():
            found.setdefault(trial.key, (result, trial))
    if not found:
        return []
    pairs = list(found.values())
    losses = np.array([_losses(result, trial) for result, trial in pairs])
    on_front = np.flatnonzero(nondominated(losses))
    return [_row(*pairs[i]) for i in sorted(on_front, key=lambda i: (*losses[i], i))]


def front_metadata(objectives: Sequence[Objective], front: ReferenceFront) -> dict[str, Any]:
    """Return the objectives and the reference front as JSON values."""
    return {
        "objectives": [asdict(objective) for objective in objectives],
        "reference_front": asdict(front),
    }


def read_front_metadata(
    value: Mapping[str, Any],
) -> tuple[tuple[Objective, ...], ReferenceFront]:
    """Return what `front_metadata` wrote. Raises KeyError, TypeError."""
    front = value["reference_front"]
    return tuple(Objective(**objective) for objective in value["objectives"]), ReferenceFront(
        low=tuple(front["low"]),
        high=tuple(front["high"]),
        front=tuple(map(tuple, front["front"])),
        meaning=front["meaning"],
        known=front["known"],
    )


def format_value(value: float) -> str:
    """Format the value of an objective: whole if it is large, else with four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _losses(result: SearchResult, trial: Trial) -> list[float]:
    assert trial.values is not None
    return [o.to_loss(v) for o, v in zip(result.objectives, trial.values, strict=True)]


def _row(result: SearchResult, trial: Trial) -> dict[str, Any]:
    assert trial.values is not None
    names = (objective.name for objective in result.objectives)
    return {
        "strategy": result.strategy,
        "seed": result.seed,
        "trial": trial.index,
        **dict(zip(names, trial.values, strict=True)),
        "canonical_key": trial.key,
        "architecture": trial.evaluated.to_json(),
    }
