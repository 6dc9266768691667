"""Sections of a report: the comparison of all searches on one benchmark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.deduplicate import deduplicate
from nni_nlp_bench.reports.hypervolume import (
    ReferenceFront,
    SearchFront,
    front_of,
    reference_front,
)
from nni_nlp_bench.reports.measures import (
    Reference,
    Summary,
    first_within_target,
    hypervolume_reference,
)
from nni_nlp_bench.reports.ranking import Ranked, rank
from nni_nlp_bench.reports.readers.source import SearchSource, format_seeds
from nni_nlp_bench.reports.searches import Counts, Curve, SearchRecord, with_hypervolume
from nni_nlp_bench.reports.statistics import (
    MIN_SEEDS,
    MIN_STRATEGIES,
    Friedman,
    Interval,
    Pair,
    friedman,
    interval_of_mean,
    pairs,
)
from nni_nlp_bench.reports.unranked import find_unranked, unranked_note

_SAME = 1e-6


@dataclass(frozen=True)
class Section:
    """Comparison on one benchmark. Strategies are sorted by mean regret in ascending order."""

    benchmark: str
    experiments: tuple[str, ...]
    records: tuple[SearchRecord, ...]
    reference: Reference
    front: ReferenceFront | None
    """Front that hypervolumes are compared with; None for one objective."""
    ranked: tuple[Ranked, ...]
    intervals: Mapping[str, Interval | None]
    """95 % confidence interval of the mean regret by strategy; None for too few searches."""
    shared_seeds: tuple[int, ...]
    """Seeds that all strategies have in common: the blocks of the tests."""
    friedman: Friedman | None
    """None for too few strategies or seeds."""
    pairs: tuple[Pair, ...]
    """Empty for too few strategies or seeds."""
    warnings: tuple[str, ...]
    """Duplicates and unequal budgets, in sentences without a full stop."""

    @property
    def counts(self) -> Counts:
        """Total number of evaluations by outcome."""
        counts = [record.counts for record in self.records]
        return Counts(
            evaluations=sum(c.evaluations for c in counts),
            measured=sum(c.measured for c in counts),
            predicted=sum(c.predicted for c in counts),
            failed=sum(c.failed for c in counts),
            replaced=sum(c.replaced for c in counts),
        )

    @property
    def seeds(self) -> str:
        """Seeds of all searches as text, such as `0 to 9`."""
        return format_seeds(self.records)

    @property
    def fronts(self) -> dict[str, list[SearchFront]]:
        """Fronts of the searches by strategy; empty lists for one objective."""
        return {
            row.strategy: [
                r.front for r in self.records if r.strategy == row.strategy and r.front is not None
            ]
            for row in self.ranked
        }

    @property
    def joint_front(self) -> list[tuple[float, ...]]:
        """Values of the objectives on the front of all searches, by the first objective."""
        fronts = [record.front for record in self.records if record.front is not None]
        objectives = fronts[0].objectives
        joint = front_of(np.concatenate([front.losses for front in fronts]))
        return [
            tuple(o.from_loss(x) for o, x in zip(objectives, row, strict=True))
            for row in joint.tolist()
        ]

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives of the searches; empty for one."""
        front = self.records[0].front
        return () if front is None else front.objectives

    @property
    def curves(self) -> dict[str, list[Curve]]:
        """Curves of the searches by strategy."""
        return {
            row.strategy: [r.curve for r in self.records if r.strategy == row.strategy]
            for row in self.ranked
        }


def make_sections(sources: Sequence[SearchSource], rank_all: bool = False) -> list[Section]:
    """Return one section per benchmark, in the order of the sources.

    Args:
        sources: What was read.
        rank_all: Whether to include strategies too whose results on a surrogate prove nothing.

    Raises:
        UserError: searches contradict each other, or use different units or optima.
    """
    records = [record for source in sources for record in source.records]
    benchmarks = dict.fromkeys(record.benchmark for record in records)
    return [
        _section(benchmark, [r for r in records if r.benchmark == benchmark], rank_all)
        for benchmark in benchmarks
    ]


def _section(benchmark: str, read: Sequence[SearchRecord], rank_all: bool) -> Section:
    unique, duplicates = deduplicate(read)
    unranked = () if rank_all else find_unranked((r.strategy, r.counts.predicted) for r in unique)
    records = [record for record in unique if record.strategy not in unranked]
    front = None
    if fronts := [record.front for record in records if record.front is not None]:
        front = reference_front(fronts)
        records = [with_hypervolume(record, front) for record in records]
    reference = _reference(records) if front is None else hypervolume_reference(front)
    ranked = rank([_summary(record, reference) for record in records])
    losses = {row.strategy: _by_seed(records, row.strategy) for row in ranked}
    shared = sorted(set[int].intersection(*(set(by_seed) for by_seed in losses.values())))
    blocks = {
        name: [by_seed[seed] - reference.loss for seed in shared]
        for name, by_seed in losses.items()
    }
    enough = len(shared) >= MIN_SEEDS
    return Section(
        benchmark=benchmark,
        experiments=tuple(dict.fromkeys(record.experiment for record in read)),
        records=tuple(records),
        reference=reference,
        front=front,
        ranked=tuple(ranked),
        intervals={name: _interval(records, name, reference) for name in losses},
        shared_seeds=tuple(shared),
        friedman=friedman(blocks) if enough and len(blocks) >= MIN_STRATEGIES else None,
        pairs=tuple(pairs(blocks)) if enough and len(blocks) > 1 else (),
        warnings=(*duplicates, *unranked_note(unranked), *_unequal_lengths(records)),
    )


def _reference(records: Sequence[SearchRecord]) -> Reference:
    """Return the lowest loss of the benchmark, or the best of all searches if it is unknown."""
    unit, name = records[0].unit, records[0].benchmark
    if any(record.unit is not unit for record in records):
        raise UserError(f"{name}: the losses of the searches have different units")
    known = sorted({record.optimum for record in records if record.optimum is not None})
    if known and known[-1] - known[0] > _SAME:
        raise UserError(
            f"{name}: the searches have different optima as reference, "
            f"{known[0]:g} and {known[-1]:g} {unit.short}; write separate reports"
        )
    found = [loss for r in records if math.isfinite(loss := r.curve.final)]
    lowest = min(found, default=math.nan)
    if not known:
        return Reference(lowest, unit, "best found by the searches of this report")
    reference = Reference.lowest_of(name, known[0], unit)
    if lowest < reference.loss - _SAME:
        best = f"best found by the searches of this report, below the {reference.meaning}"
        return Reference(lowest, unit, best)
    return reference


def _summary(record: SearchRecord, reference: Reference) -> Summary:
    curve, counts, unit = record.curve, record.counts, reference.unit
    target_index = first_within_target([loss - reference.loss for loss in curve.losses], unit)
    timed_index = first_within_target([loss - reference.loss for loss in curve.timed_losses], unit)
    return Summary(
        strategy=record.strategy,
        seed=record.seed,
        best_metric=unit.to_metric(curve.final),
        best_loss=curve.final,
        regret=curve.final - reference.loss,
        evaluations_to_target=None if target_index is None else target_index + 1,
        hours_to_target=None if timed_index is None else curve.hours[timed_index],
        simulated_hours=curve.hours[-1] if curve.hours else math.nan,
        evaluations=counts.evaluations,
        distinct=None,
        epochs=None,
        failed=counts.failed,
        predicted=counts.predicted,
        replaced=counts.replaced,
    )


def _by_seed(records: Sequence[SearchRecord], strategy: str) -> dict[int, float]:
    """Return the final loss by seed for the tests; the loss of a failure if none succeeded."""
    return {
        record.seed: record.unit.failure if math.isnan(record.curve.final) else record.curve.final
        for record in records
        if record.strategy == strategy and record.seed is not None
    }


def _interval(
    records: Sequence[SearchRecord], strategy: str, reference: Reference
) -> Interval | None:
    return interval_of_mean(
        [r.curve.final - reference.loss for r in records if r.strategy == strategy]
    )


def _unequal_lengths(records: Sequence[SearchRecord]) -> list[str]:
    lengths = sorted({record.counts.evaluations for record in records})
    if len(lengths) == 1:
        return []
    return [
        f"the searches have from {lengths[0]} to {lengths[-1]} evaluations, so their final regrets "
        "are at different budgets; compare the curves at equal evaluations"
    ]
