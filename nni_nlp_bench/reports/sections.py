"""The searches on one benchmark, compared: what one section of a report tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.deduplicate import deduplicate
from nni_nlp_bench.reports.measures import Reference, Summary, arrival
from nni_nlp_bench.reports.ranking import Ranked, rank
from nni_nlp_bench.reports.readers.readings import SearchSource, seeds_word
from nni_nlp_bench.reports.searches import Counts, Curve, SearchRecord
from nni_nlp_bench.reports.statistics import (
    FEWEST_SEEDS,
    FEWEST_STRATEGIES,
    Friedman,
    Interval,
    Pair,
    friedman,
    interval_of_mean,
    pairs,
)

_SAME = 1e-6


@dataclass(frozen=True)
class Section:
    """One benchmark. Strategies stand in the order of their mean regret, the lowest first."""

    benchmark: str
    experiments: tuple[str, ...]
    records: tuple[SearchRecord, ...]
    reference: Reference
    ranked: tuple[Ranked, ...]
    intervals: Mapping[str, Interval | None]
    """Strategy -> 95 % confidence interval of its mean regret; None for too few searches."""
    shared_seeds: tuple[int, ...]
    """Seeds that every strategy has: the blocks of the tests."""
    friedman: Friedman | None
    """None for too few strategies or seeds."""
    pairs: tuple[Pair, ...]
    """Empty for too few strategies or seeds."""
    remarks: tuple[str, ...]

    @property
    def counts(self) -> Counts:
        """Over all searches."""
        own = [record.counts for record in self.records]
        return Counts(
            evaluations=sum(c.evaluations for c in own),
            measured=sum(c.measured for c in own),
            predicted=sum(c.predicted for c in own),
            failed=sum(c.failed for c in own),
            replaced=sum(c.replaced for c in own),
        )

    @property
    def seeds(self) -> str:
        """The seeds of all searches, in words."""
        return seeds_word(self.records)

    @property
    def curves(self) -> dict[str, list[Curve]]:
        """Strategy -> the curves of its searches."""
        return {
            row.strategy: [r.curve for r in self.records if r.strategy == row.strategy]
            for row in self.ranked
        }


def sections_of(readings: Sequence[SearchSource]) -> list[Section]:
    """One section a benchmark, in the order in which they were read. Raises UserError."""
    records = [record for reading in readings for record in reading.records]
    benchmarks = dict.fromkeys(record.benchmark for record in records)
    return [
        _section(benchmark, [record for record in records if record.benchmark == benchmark])
        for benchmark in benchmarks
    ]


def _section(benchmark: str, read: Sequence[SearchRecord]) -> Section:
    records, repeated = deduplicate(read)
    reference = _reference(records)
    ranked = rank([_summary(record, reference) for record in records])
    losses = {row.strategy: _by_seed(records, row.strategy) for row in ranked}
    shared = sorted(set[int].intersection(*(set(own) for own in losses.values())))
    blocks = {name: [own[seed] - reference.loss for seed in shared] for name, own in losses.items()}
    enough = len(shared) >= FEWEST_SEEDS
    return Section(
        benchmark=benchmark,
        experiments=tuple(dict.fromkeys(record.experiment for record in read)),
        records=tuple(records),
        reference=reference,
        ranked=tuple(ranked),
        intervals={name: _interval(records, name, reference) for name in losses},
        shared_seeds=tuple(shared),
        friedman=friedman(blocks) if enough and len(blocks) >= FEWEST_STRATEGIES else None,
        pairs=tuple(pairs(blocks)) if enough and len(blocks) > 1 else (),
        remarks=(*repeated, *_lengths(records)),
    )


def _reference(records: Sequence[SearchRecord]) -> Reference:
    """The lowest loss of the benchmark, or the best found by any search of the report."""
    unit, name = records[0].unit, records[0].benchmark
    if any(record.unit is not unit for record in records):
        raise UserError(f"{name}: searches measure their losses in different units")
    known = sorted({record.optimum for record in records if record.optimum is not None})
    if known and known[-1] - known[0] > _SAME:
        raise UserError(
            f"{name}: searches measure their regret from different optima, "
            f"{known[0]:g} and {known[-1]:g} {unit.short}; report them apart"
        )
    found = [loss for r in records if math.isfinite(loss := r.curve.final)]
    lowest = min(found, default=math.nan)
    if not known:
        return Reference(lowest, unit, "best found by the searches of this report")
    reference = Reference.lowest_of(name, known[0], unit)
    if lowest < reference.loss - _SAME:
        best = f"best found by the searches here, below the {reference.meaning}"
        return Reference(lowest, unit, best)
    return reference


def _summary(record: SearchRecord, reference: Reference) -> Summary:
    curve, counts, unit = record.curve, record.counts, reference.unit
    arrived = arrival([loss - reference.loss for loss in curve.losses], unit)
    timed = arrival([loss - reference.loss for loss in curve.timed_losses], unit)
    return Summary(
        strategy=record.strategy,
        seed=record.seed,
        best_figure=unit.figure_of(curve.final),
        best_loss=curve.final,
        regret=curve.final - reference.loss,
        evaluations_to_target=None if arrived is None else arrived + 1,
        hours_to_target=None if timed is None else curve.hours[timed],
        simulated_hours=curve.hours[-1] if curve.hours else math.nan,
        evaluations=counts.evaluations,
        distinct=None,
        epochs=None,
        failed=counts.failed,
        predicted=counts.predicted,
        replaced=counts.replaced,
    )


def _by_seed(records: Sequence[SearchRecord], strategy: str) -> dict[int, float]:
    """Final loss by seed, for the tests; without any success that of a failure."""
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


def _lengths(records: Sequence[SearchRecord]) -> list[str]:
    lengths = sorted({record.counts.evaluations for record in records})
    if len(lengths) == 1:
        return []
    return [
        f"the searches took from {lengths[0]} to {lengths[-1]} evaluations, so that their final "
        "regrets were bought at different prices; compare the curves at equal evaluations"
    ]
