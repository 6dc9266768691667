"""The sentences of a report: what was measured, and how to read the result."""

from __future__ import annotations

import math
from collections.abc import Collection

from nni_nlp_bench.reports.page.critical_difference import critical_difference
from nni_nlp_bench.reports.page.words import count, listed, p_word
from nni_nlp_bench.reports.sections import Section
from nni_nlp_bench.reports.statistics import (
    FEWEST_SEEDS,
    FEWEST_STRATEGIES,
    LEVEL,
    seeds_for_clear_pairs,
)


def provenance(section: Section) -> str:
    """Whence the losses come, in one sentence."""
    counts, benchmark = section.counts, section.benchmark
    all_ = f"{counts.evaluations:,} evaluations"
    if counts.predicted == counts.evaluations:
        return f"All {all_} were predicted by {benchmark}: no network was trained for this page."
    if counts.measured == counts.evaluations:
        return f"All {all_} are results of trained networks, from {benchmark}."
    told = counts.measured + counts.predicted
    rest = f"; of {counts.evaluations - told:,} the origin is not recorded"
    return (
        f"Of {all_}, {counts.measured:,} are results of trained networks and "
        f"{counts.predicted:,} were predicted{rest if told < counts.evaluations else ''}."
    )


def verdict(section: Section) -> list[str]:
    """What the reader may conclude, in a few sentences."""
    return [_leader(section), *_test(section), *_pairs(section)]


def _leader(section: Section) -> str:
    first = section.ranked[0]
    if math.isnan(first.regret):
        return "No strategy found a network that trains in every one of its searches."
    interval, unit = section.intervals[first.strategy], section.reference.unit.of_regret
    within = (
        f", 95 % confidence interval {interval.low:.3f} to {interval.high:.3f}" if interval else ""
    )
    if len(section.ranked) == 1:
        return (
            f"One strategy was run, {first.strategy}: its mean regret is {first.regret:.3f} {unit}"
            f"{within}."
        )
    return f"{first.strategy} has the lowest mean regret: {first.regret:.3f} {unit}{within}."


def _test(section: Section) -> list[str]:
    test, strategies = section.friedman, len(section.ranked)
    if test is None:
        return _untested(section)
    result = (
        f"(Friedman's test: chi squared {test.statistic:.1f} with {strategies - 1} degrees of "
        f"freedom, {p_word(test.p_value)})"
    )
    if test.p_value < LEVEL:
        return [f"Over {test.seeds} seeds the strategies differ by more than chance {result}."]
    return [
        f"Over {test.seeds} seeds the strategies cannot be told apart {result}: the order of the "
        "table may be chance."
    ]


def _untested(section: Section) -> list[str]:
    strategies = len(section.ranked)
    if strategies == 1:
        return ["With one strategy there is nothing to test."]
    here = f"here {strategies} strategies share {count(len(section.shared_seeds), 'seed')}"
    if section.pairs:
        return [
            f"Friedman's test was not made: it needs {FEWEST_STRATEGIES} strategies, and there "
            f"are {strategies}."
        ]
    return [
        "Whether the order of the table is more than chance was not tested: that takes at least "
        f"{FEWEST_SEEDS} seeds that every strategy has, and {here}."
    ]


def _pairs(section: Section) -> list[str]:
    if not section.pairs or (section.friedman and section.friedman.p_value >= LEVEL):
        return []
    first, strategies = section.ranked[0].strategy, len(section.ranked)
    needed = seeds_for_clear_pairs(strategies)
    if len(section.shared_seeds) < needed:
        return [
            f"Which pairs differ takes more seeds: with {strategies} strategies no pair can come "
            f"out clear below {needed}, and there are {len(section.shared_seeds)}."
        ]
    clear = {pair.other for pair in section.pairs if pair.better == first and pair.clear}
    others = [row.strategy for row in section.ranked[1:]]
    sentences = []
    if clear:
        better = listed([name for name in others if name in clear])
        sentences.append(f"{first} is better than {better} (Wilcoxon's test of pairs, Holm).")
    if unclear := [name for name in others if name not in clear]:
        sentences.append(
            f"Its lead over {listed(unclear)} may be chance (Wilcoxon's test of pairs, Holm)."
        )
    return [*sentences, *_ranks_alone(section, clear)]


def _ranks_alone(section: Section, clear: Collection[str]) -> list[str]:
    """What Nemenyi's test parts from the first strategy although Wilcoxon's does not."""
    if section.friedman is None:
        return []
    ranks, first = section.friedman.mean_ranks, section.ranked[0].strategy
    difference = critical_difference(len(ranks), section.friedman.seeds)
    parted = [name for name in ranks if ranks[name] - ranks[first] > difference]
    if extra := [name for name in parted if name not in clear]:
        return [f"By their ranks alone, {first} and {listed(extra)} differ (Nemenyi's test)."]
    return []
