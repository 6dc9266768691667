"""Sentences of a report: origin of the results, and conclusions of the tests."""

from __future__ import annotations

import math
from collections.abc import Collection

from nni_nlp_bench.reports.page.critical_difference import critical_difference
from nni_nlp_bench.reports.page.formatting import format_count, format_p_value, join_names
from nni_nlp_bench.reports.sections import Section
from nni_nlp_bench.reports.statistics import (
    ALPHA,
    MIN_SEEDS,
    MIN_STRATEGIES,
    min_seeds_for_significance,
)


def provenance(section: Section) -> str:
    """Return one sentence on the origin of the results: trained or predicted."""
    counts, benchmark = section.counts, section.benchmark
    total = f"{counts.evaluations:,} evaluations"
    if counts.predicted == counts.evaluations:
        return f"All {total} were predicted by {benchmark}: no network was trained for this report."
    if counts.measured == counts.evaluations:
        return f"All {total} are results of trained networks, from {benchmark}."
    known = counts.measured + counts.predicted
    unknown = f"; the origin of {counts.evaluations - known:,} is not recorded"
    return (
        f"Of {total}, {counts.measured:,} are results of trained networks and "
        f"{counts.predicted:,} were predicted{unknown if known < counts.evaluations else ''}."
    )


def verdict(section: Section) -> list[str]:
    """Return the conclusions of the comparison, one sentence per item."""
    return [_leader(section), *_test(section), *_pairs(section)]


def _leader(section: Section) -> str:
    first = section.ranked[0]
    if math.isnan(first.regret):
        return "No strategy had a successful training in each of its searches."
    interval, unit = section.intervals[first.strategy], section.reference.unit.of_regret
    within = (
        f", 95 % confidence interval {interval.low:.3f} to {interval.high:.3f}" if interval else ""
    )
    if len(section.ranked) == 1:
        return (
            f"Only one strategy was run, {first.strategy}: its mean regret is {first.regret:.3f} "
            f"{unit}{within}."
        )
    return f"{first.strategy} has the lowest mean regret: {first.regret:.3f} {unit}{within}."


def _test(section: Section) -> list[str]:
    test, strategies = section.friedman, len(section.ranked)
    if test is None:
        return _untested(section)
    result = (
        f"(Friedman's test: chi-squared {test.statistic:.1f} with {strategies - 1} degrees of "
        f"freedom, {format_p_value(test.p_value)})"
    )
    if test.p_value < ALPHA:
        return [f"The strategies differ significantly over {test.seeds} seeds {result}."]
    return [
        f"The strategies do not differ significantly over {test.seeds} seeds {result}: the order "
        "of the ranking may be due to chance."
    ]


def _untested(section: Section) -> list[str]:
    strategies = len(section.ranked)
    if strategies == 1:
        return ["No test was run: there is only one strategy."]
    actual = f"{strategies} strategies share {format_count(len(section.shared_seeds), 'seed')}"
    if section.pairs:
        return [
            f"Friedman's test was not run: it needs at least {MIN_STRATEGIES} strategies, and "
            f"there are {strategies}."
        ]
    return [
        f"No test was run: it needs at least {MIN_SEEDS} seeds that all strategies have in common, "
        f"and {actual}."
    ]


def _pairs(section: Section) -> list[str]:
    if not section.pairs or (section.friedman and section.friedman.p_value >= ALPHA):
        return []
    first, strategies = section.ranked[0].strategy, len(section.ranked)
    needed = min_seeds_for_significance(strategies)
    if len(section.shared_seeds) < needed:
        return [
            f"There are too few seeds for pairwise tests: with {strategies} strategies a pair can "
            f"only be significant with at least {needed} seeds, and there are "
            f"{len(section.shared_seeds)}."
        ]
    significant = {
        pair.other for pair in section.pairs if pair.better == first and pair.significant
    }
    others = [row.strategy for row in section.ranked[1:]]
    sentences = []
    test = "Wilcoxon signed-rank test, Holm's correction"
    if significant:
        worse = join_names([name for name in others if name in significant])
        sentences.append(f"{first} has significantly lower regret than {worse} ({test}).")
    if insignificant := [name for name in others if name not in significant]:
        names = join_names(insignificant)
        sentences.append(f"The differences of {first} to {names} are not significant ({test}).")
    return [*sentences, *_rank_differences(section, significant)]


def _rank_differences(section: Section, significant: Collection[str]) -> list[str]:
    """Report differences that Nemenyi's test finds significant and Wilcoxon's does not."""
    if section.friedman is None:
        return []
    ranks, first = section.friedman.mean_ranks, section.ranked[0].strategy
    difference = critical_difference(len(ranks), section.friedman.seeds)
    distant = [name for name in ranks if ranks[name] - ranks[first] > difference]
    if extra := [name for name in distant if name not in significant]:
        names = join_names(extra)
        return [f"The mean ranks of {first} and {names} differ significantly (Nemenyi's test)."]
    return []
