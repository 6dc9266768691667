"""Pruning of a supernet, value after value, by two relative drops (W. Chen et al., TE-NAS, 2021).

Choices are those of a supernet, such as the operation of an edge. Every choice begins with all of
its values; each round takes the worst from every choice that has several left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Active = dict[str, tuple[Any, ...]]
"""The values that every choice still has, by its label."""


class Candidate(NamedTuple):
    """A value that may be pruned."""

    label: str
    """The choice."""
    value: Any


class Drops(NamedTuple):
    """How much two properties of the supernet drop without a value, relative to those with it."""

    ntk: float
    """Drop of the condition number of the neural tangent kernel: higher favours pruning."""
    regions: float
    """Drop of the number of linear regions: lower favours pruning."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate in one round."""

    round: int
    """From 0."""
    candidate: Candidate
    drops: Drops
    rank: int
    """Sum of both dense ranks, from 0: the lowest of every choice is pruned."""
    pruned: bool


Measure = Callable[[Active, Sequence[Candidate]], Mapping[Candidate, Drops]]
"""Compares the supernet of the active values with the one without each candidate."""


def prune(
    options: Mapping[str, Sequence[Any]],
    measure: Measure,
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    kept: int = 2,
    per_round: int = 1,
) -> tuple[Active, list[Measured]]:
    """Prune until every choice has one value, then every group only `kept` choices.

    Args:
        options: Values of each choice by its label.
        measure: Measures the drops of all candidates of a round.
        groups: Labels of choices by the name of their group. The groups are pruned one after
            another, each in a single round; a choice that is not kept loses its last value.
        kept: Number of choices that a group keeps.
        per_round: Values that a choice loses in a round, if it has so many to lose.

    Returns:
        The values that are left, and what was measured, in order.
    """
    active = {label: tuple(values) for label, values in options.items()}
    log: list[Measured] = []

    def run_round(candidates: list[Candidate], owner: Callable[[str], str], counts: Any) -> None:
        nonlocal active
        drops = measure(active, candidates)
        ranks = rank_sums(drops)
        gone = lowest(ranks, owner, counts)
        number = log[-1].round + 1 if log else 0
        log.extend(Measured(number, c, drops[c], ranks[c], c in gone) for c in candidates)
        active = without(active, gone)

    while several := [label for label, values in active.items() if len(values) > 1]:
        candidates = [Candidate(label, value) for label in several for value in active[label]]
        counts = {label: min(per_round, len(active[label]) - 1) for label in several}
        run_round(candidates, str, counts)
    for name, labels in (groups or {}).items():
        if len(labels) > kept:
            candidates = [Candidate(label, value) for label in labels for value in active[label]]
            run_round(candidates, lambda label: name, {name: len(labels) - kept})  # noqa: B023
    return active, log


def rank_sums(drops: Mapping[Candidate, Drops]) -> dict[Candidate, int]:
    """Return the sum of the dense ranks of both drops, from 0: the lowest is pruned first.

    Candidates are in the order of their drop of the condition number, the highest first, so that
    of equal sums this one decides; of equal drops the first candidate comes first.
    """
    by_ntk = _dense_ranks(-each.ntk for each in drops.values())
    by_regions = _dense_ranks(each.regions for each in drops.values())
    sums = {
        candidate: (ntk, ntk + regions)
        for candidate, ntk, regions in zip(drops, by_ntk, by_regions, strict=True)
    }
    ordered = sorted(sums.items(), key=lambda item: item[1][0])
    return {candidate: total for candidate, (_, total) in ordered}


def lowest(
    ranks: Mapping[Candidate, int], owner: Callable[[str], str], counts: Mapping[str, int]
) -> set[Candidate]:
    """Return the candidates of the lowest ranks, so many of each owner; of equals the first."""
    left = dict(counts)
    gone = set()
    for candidate in sorted(ranks, key=ranks.__getitem__):
        name = owner(candidate.label)
        if left[name]:
            left[name] -= 1
            gone.add(candidate)
    return gone


def without(active: Active, gone: Iterable[Candidate]) -> Active:
    """Return the active values without some."""
    pruned = set(gone)
    return {
        label: tuple(value for value in values if Candidate(label, value) not in pruned)
        for label, values in active.items()
    }


def _dense_ranks(values: Iterable[float]) -> list[int]:
    """Return the dense rank of each value, from 0 for the lowest; equal values share theirs."""
    values = list(values)
    ranks = {value: rank for rank, value in enumerate(sorted(set(values)))}
    return [ranks[value] for value in values]
