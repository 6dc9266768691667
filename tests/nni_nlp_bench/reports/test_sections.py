"""Comparison of searches of several experiments, and the conclusions in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.page.wording import provenance, verdict
from nni_nlp_bench.reports.readers.source import SearchSource
from nni_nlp_bench.reports.searches import Counts, SearchRecord
from nni_nlp_bench.reports.sections import Section, make_sections
from nni_nlp_bench.reports.unranked import find_unranked

MakeRecord = Callable[..., SearchRecord]


def section_of(records: list[SearchRecord]) -> Section:
    (section,) = make_sections([SearchSource("invented", tuple(records), ())])
    return section


def make_records(make_record: MakeRecord, seeds: int, **more: object) -> list[SearchRecord]:
    """Three strategies: a always first; b and c in turn."""
    return [
        make_record(name, seed, [6.0, end + seed / 100], **more)
        for seed in range(seeds)
        for name, end in (("a", 4.5), ("b", 5.0 + seed % 2), ("c", 5.5 - seed % 3 / 10))
    ]


def test_benchmarks_are_compared_separately(make_record: MakeRecord) -> None:
    records = [
        make_record("random", 0, [5.0]),
        make_record("random", 0, [3.0], benchmark="other"),
        make_record("random", 1, [5.5]),
    ]
    one, other = make_sections([SearchSource("invented", tuple(records), ())])
    assert (one.benchmark, one.reference.loss, one.ranked[0].regret) == ("synthetic", 5.0, 0.25)
    assert (other.benchmark, other.ranked[0].regret) == ("other", 0.0)


def test_known_optimum_is_the_reference(make_record: MakeRecord) -> None:
    section = section_of([make_record("a", 0, [5.0], optimum=4.5), make_record("b", 0, [4.8])])
    assert section.reference.loss == 4.5
    assert [row.regret for row in section.ranked] == pytest.approx([0.3, 0.5])
    below = section_of([make_record("a", 0, [5.0], optimum=4.5), make_record("b", 0, [4.2])])
    assert below.reference.loss == 4.2
    assert "below the lowest of synthetic" in str(below.reference)
    with pytest.raises(UserError, match="different optima"):
        section_of(
            [make_record("a", 0, [5.0], optimum=4.5), make_record("b", 0, [5.0], optimum=4.4)]
        )


def test_models_of_the_surrogate_s_features_are_not_ranked(make_record: MakeRecord) -> None:
    names = ("random", "guided", "guided(parents=5)")
    records = [make_record(name, seed, [5.0]) for name in names for seed in range(6)]
    assert [row.strategy for row in section_of(records).ranked] == ["random"]
    (warning,) = section_of(records).warnings
    assert warning.startswith("not ranked: guided, guided(parents=5), since their model sees")
    source = SearchSource("invented", tuple(records), ())
    (everything,) = make_sections([source], rank_all=True)
    assert len(everything.ranked) == 3 and not everything.warnings
    alone = section_of([record for record in records if record.strategy == "guided"])
    assert [row.strategy for row in alone.ranked] == ["guided"]
    measured = [replace(record, counts=Counts(1, 1, 0, 0, 0)) for record in records]
    assert len(section_of(measured).ranked) == 3


def test_error_for_different_units(make_record: MakeRecord) -> None:
    records = [make_record("a", seed, [30.0], unit=unit) for seed, unit in enumerate(LossUnit)]
    with pytest.raises(UserError, match="have different units"):
        make_sections([SearchSource("x", tuple(records), ())])


def test_target_depends_on_the_unit(make_record: MakeRecord) -> None:
    losses = [26.0, 25.4, 25.0]
    record = make_record("a", 0, losses, unit=LossUnit.POINTS, optimum=25.0)
    (section,) = make_sections([SearchSource("x", (record,), ())])
    assert section.ranked[0].evaluations_to_target == 2
    assert section.ranked[0].best_metric == 75.0


def test_evaluations_to_target(make_record: MakeRecord) -> None:
    section = section_of([make_record("a", 0, [5.0, 4.51, 4.5])])
    assert section.ranked[0].evaluations_to_target == 2


def test_duplicates_are_ignored(make_record: MakeRecord) -> None:
    section = section_of(
        [
            make_record("a", 0, [5.0]),
            make_record("a", 0, [5.0], experiment="again"),
            make_record("b", 0, [5]),
        ]
    )
    assert [row.seeds for row in section.ranked] == [1, 1]
    assert section.warnings == (
        "a seed 0 is the same search in invented and again: duplicate ignored",
    )


def test_ambiguous_strategies_get_unique_names(make_record: MakeRecord) -> None:
    section = section_of(
        [make_record("a", 0, [5.0]), make_record("a", 0, [4.0], experiment="other")]
    )
    assert [row.strategy for row in section.ranked] == ["a, other", "a, invented"]
    with pytest.raises(UserError, match="has a seed 0 twice"):
        section_of([make_record("a", 0, [5.0]), make_record("a", 0, [4.0])])


def test_searches_without_seed_are_ranked_but_not_tested(make_record: MakeRecord) -> None:
    other_tuner = [
        make_record("TPE", None, [5.0 + i / 10], experiment=f"experiment {i}") for i in range(8)
    ]
    section = section_of([*make_records(make_record, 8), *other_tuner])
    assert {row.strategy: row.seeds for row in section.ranked}["TPE"] == 8
    assert (section.friedman, section.pairs) == (None, ())


def test_verdict_for_significant_differences(make_record: MakeRecord) -> None:
    section = section_of(make_records(make_record, 12))
    assert section.friedman is not None
    assert section.friedman.mean_ranks["a"] == 1.0
    first, test, pairs, *_ = verdict(section)
    assert first.startswith("a has the lowest mean regret: 0.055 nats per token, 95 %")
    assert test.startswith("The strategies differ significantly over 12 seeds")
    assert pairs.startswith("a has significantly lower regret than c and b (Wilcoxon")


def test_verdict_without_significant_differences(make_record: MakeRecord) -> None:
    records = [
        make_record(name, seed, [5.0 + (seed + i) % 3 / 10])
        for seed in range(6)
        for i, name in enumerate("abc")
    ]
    words = " ".join(verdict(section_of(records)))
    assert "do not differ significantly" in words
    assert "significantly lower" not in words


def test_no_test_with_too_few_seeds_or_strategies(make_record: MakeRecord) -> None:
    few = section_of(make_records(make_record, 5))
    assert (few.friedman, few.pairs) == (None, ())
    assert (
        "at least 6 seeds that all strategies have in common, and 3 strategies share 5 seeds"
        in (verdict(few)[1])
    )
    two = section_of([r for r in make_records(make_record, 8) if r.strategy != "c"])
    assert two.friedman is None
    assert len(two.pairs) == 1
    assert "it needs at least 3 strategies, and there are 2" in verdict(two)[1]
    assert verdict(section_of([make_record("a", 0, [5.0])]))[1].endswith("only one strategy.")
    too_few = section_of(
        [*make_records(make_record, 6), *records_of_fourth_strategy(make_record, 6)]
    )
    assert "only be significant with at least 8 seeds, and there are 6" in verdict(too_few)[2]


def records_of_fourth_strategy(make_record: MakeRecord, seeds: int) -> list[SearchRecord]:
    return [make_record("d", seed, [6.0, 7.0]) for seed in range(seeds)]


def test_failed_search_is_ranked_last(make_record: MakeRecord) -> None:
    records = make_records(make_record, 8)
    records[0] = replace(
        records[0], best=None, curve=replace(records[0].curve, losses=(math.nan, math.nan))
    )
    section = section_of(records)
    assert section.ranked[-1].strategy == "a"
    assert section.intervals["a"] is None
    assert section.friedman is not None
    assert section.friedman.mean_ranks["a"] == (7 * 1 + 3) / 8


def test_warning_for_different_budgets(make_record: MakeRecord) -> None:
    section = section_of([make_record("a", 0, [5.0]), make_record("b", 0, [5.0, 4.0])])
    assert "from 1 to 2 evaluations" in section.warnings[0]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(10, 0, 10, 2, 0), "All 10 evaluations were predicted by synthetic"),
        (Counts(10, 10, 0, 2, 0), "All 10 evaluations are results of trained networks"),
        (
            Counts(10, 4, 3, 3, 0),
            "4 are results of trained networks and 3 were predicted; the origin of 3",
        ),
    ],
)
def test_provenance(make_record: MakeRecord, counts: Counts, words: str) -> None:
    assert words in provenance(section_of([make_record("a", 0, [5.0], counts=counts)]))


def test_a_strategy_that_runs_another_sees_what_that_one_sees() -> None:
    guided = "predictive_termination(strategy='guided')"
    assert find_unranked([(guided, 5), ("predictive_termination", 5), (guided, 0)]) == (guided,)
    assert find_unranked([(guided, 0), ("predictive_termination", 5)]) == ()
