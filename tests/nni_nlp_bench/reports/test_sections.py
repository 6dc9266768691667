"""Searches of several experiments side by side: what is compared with what, and what is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.page.wording import provenance, verdict
from nni_nlp_bench.reports.readers.readings import SearchSource
from nni_nlp_bench.reports.searches import Counts, SearchRecord
from nni_nlp_bench.reports.sections import Section, sections_of

RecordOf = Callable[..., SearchRecord]


def section_of(records: list[SearchRecord]) -> Section:
    (section,) = sections_of([SearchSource("invented", tuple(records), ())])
    return section


def field(record_of: RecordOf, seeds: int, **more: object) -> list[SearchRecord]:
    """Three strategies: a always first; b and c in turn."""
    return [
        record_of(name, seed, [6.0, end + seed / 100], **more)
        for seed in range(seeds)
        for name, end in (("a", 4.5), ("b", 5.0 + seed % 2), ("c", 5.5 - seed % 3 / 10))
    ]


def test_regrets_are_never_mixed_between_benchmarks(record_of: RecordOf) -> None:
    records = [
        record_of("random", 0, [5.0]),
        record_of("random", 0, [3.0], benchmark="other"),
        record_of("random", 1, [5.5]),
    ]
    one, other = sections_of([SearchSource("invented", tuple(records), ())])
    assert (one.benchmark, one.reference.loss, one.ranked[0].regret) == ("synthetic", 5.0, 0.25)
    assert (other.benchmark, other.ranked[0].regret) == ("other", 0.0)


def test_the_known_optimum_is_the_reference_of_all(record_of: RecordOf) -> None:
    section = section_of([record_of("a", 0, [5.0], optimum=4.5), record_of("b", 0, [4.8])])
    assert section.reference.loss == 4.5
    assert [row.regret for row in section.ranked] == pytest.approx([0.3, 0.5])
    below = section_of([record_of("a", 0, [5.0], optimum=4.5), record_of("b", 0, [4.2])])
    assert below.reference.loss == 4.2
    assert "below the lowest of synthetic" in str(below.reference)
    with pytest.raises(UserError, match="different optima"):
        section_of([record_of("a", 0, [5.0], optimum=4.5), record_of("b", 0, [5.0], optimum=4.4)])


def test_losses_in_different_units_are_never_compared(record_of: RecordOf) -> None:
    records = [record_of("a", seed, [30.0], unit=unit) for seed, unit in enumerate(LossUnit)]
    with pytest.raises(UserError, match="in different units"):
        sections_of([SearchSource("x", tuple(records), ())])


def test_the_target_is_that_of_the_unit(record_of: RecordOf) -> None:
    losses = [26.0, 25.4, 25.0]
    record = record_of("a", 0, losses, unit=LossUnit.POINTS, optimum=25.0)
    (section,) = sections_of([SearchSource("x", (record,), ())])
    assert section.ranked[0].evaluations_to_target == 2
    assert section.ranked[0].best_figure == 75.0


def test_the_target_is_met_at_the_first_evaluation_within_it(record_of: RecordOf) -> None:
    section = section_of([record_of("a", 0, [5.0, 4.51, 4.5])])
    assert section.ranked[0].evaluations_to_target == 2


def test_one_search_read_twice_counts_once(record_of: RecordOf) -> None:
    section = section_of(
        [
            record_of("a", 0, [5.0]),
            record_of("a", 0, [5.0], experiment="again"),
            record_of("b", 0, [5]),
        ]
    )
    assert [row.seeds for row in section.ranked] == [1, 1]
    assert section.remarks == ("a seed 0 is the same search in invented and again: it counts once",)


def test_one_strategy_that_ran_in_two_ways_has_two_names(record_of: RecordOf) -> None:
    section = section_of([record_of("a", 0, [5.0]), record_of("a", 0, [4.0], experiment="other")])
    assert [row.strategy for row in section.ranked] == ["a, other", "a, invented"]
    with pytest.raises(UserError, match="holds a seed 0 twice"):
        section_of([record_of("a", 0, [5.0]), record_of("a", 0, [4.0])])


def test_searches_without_a_seed_are_ranked_but_never_paired(record_of: RecordOf) -> None:
    foreign = [
        record_of("TPE", None, [5.0 + i / 10], experiment=f"experiment {i}") for i in range(8)
    ]
    section = section_of([*field(record_of, 8), *foreign])
    assert {row.strategy: row.seeds for row in section.ranked}["TPE"] == 8
    assert (section.friedman, section.pairs) == (None, ())


def test_a_clear_result_in_words(record_of: RecordOf) -> None:
    section = section_of(field(record_of, 12))
    assert section.friedman is not None
    assert section.friedman.mean_ranks["a"] == 1.0
    first, test, pairs, *_ = verdict(section)
    assert first.startswith("a has the lowest mean regret: 0.055 nats per token, 95 %")
    assert test.startswith("Over 12 seeds the strategies differ by more than chance")
    assert pairs == "a is better than c and b (Wilcoxon's test of pairs, Holm)."


def test_a_result_that_may_be_chance_is_said_to_be(record_of: RecordOf) -> None:
    records = [
        record_of(name, seed, [5.0 + (seed + i) % 3 / 10])
        for seed in range(6)
        for i, name in enumerate("abc")
    ]
    words = " ".join(verdict(section_of(records)))
    assert "cannot be told apart" in words
    assert "better than" not in words


def test_too_few_seeds_or_strategies_give_words_and_no_number(record_of: RecordOf) -> None:
    few = section_of(field(record_of, 5))
    assert (few.friedman, few.pairs) == (None, ())
    assert (
        "at least 6 seeds that every strategy has, and here 3 strategies share 5 seeds"
        in (verdict(few)[1])
    )
    two = section_of([r for r in field(record_of, 8) if r.strategy != "c"])
    assert two.friedman is None
    assert len(two.pairs) == 1
    assert "it needs 3 strategies, and there are 2" in verdict(two)[1]
    assert verdict(section_of([record_of("a", 0, [5.0])]))[1].startswith("With one strategy")
    needy = section_of([*field(record_of, 6), *field_of_one_more(record_of, 6)])
    assert "no pair can come out clear below 8, and there are 6" in verdict(needy)[2]


def field_of_one_more(record_of: RecordOf, seeds: int) -> list[SearchRecord]:
    return [record_of("d", seed, [6.0, 7.0]) for seed in range(seeds)]


def test_a_search_without_success_is_worst_and_not_left_out(record_of: RecordOf) -> None:
    records = field(record_of, 8)
    records[0] = replace(
        records[0], find=None, curve=replace(records[0].curve, losses=(math.nan, math.nan))
    )
    section = section_of(records)
    assert section.ranked[-1].strategy == "a"
    assert section.intervals["a"] is None
    assert section.friedman is not None
    assert section.friedman.mean_ranks["a"] == (7 * 1 + 3) / 8


def test_searches_of_different_lengths_are_remarked(record_of: RecordOf) -> None:
    section = section_of([record_of("a", 0, [5.0]), record_of("b", 0, [5.0, 4.0])])
    assert "from 1 to 2 evaluations" in section.remarks[0]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(10, 0, 10, 2, 0), "All 10 evaluations were predicted by synthetic"),
        (Counts(10, 10, 0, 2, 0), "All 10 evaluations are results of trained networks"),
        (Counts(10, 4, 3, 3, 0), "4 are results of trained networks and 3 were predicted; of 3"),
    ],
)
def test_what_was_measured_and_what_predicted(
    record_of: RecordOf, counts: Counts, words: str
) -> None:
    assert words in provenance(section_of([record_of("a", 0, [5.0], counts=counts)]))
