"""The order in which values are pruned, with scores that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from nni_nlp_bench.one_shot.pruning import Active, Candidate, Drops, prune, rank_sums


def drops_of(table: Mapping[str, tuple[float, float]]) -> dict[Candidate, Drops]:
    """Drops by `choice.value`."""
    return {Candidate(*name.split(".")): Drops(*drops) for name, drops in table.items()}


class Scores:
    """Drops that never change; records the candidates of each round."""

    def __init__(self, table: Mapping[str, tuple[float, float]]) -> None:
        self.drops = drops_of(table)
        self.rounds: list[list[str]] = []

    def __call__(self, active: Active, candidates: Sequence[Candidate]) -> dict[Candidate, Drops]:
        assert all(candidate.value in active[candidate.label] for candidate in candidates)
        self.rounds.append([".".join(candidate) for candidate in candidates])
        return {candidate: self.drops[candidate] for candidate in candidates}


def test_ranks_are_dense_and_summed() -> None:
    drops = drops_of({"a.x": (0.5, 0.1), "a.y": (0.5, 0.0), "b.x": (0.1, 0.1), "b.y": (-2.0, 0.3)})
    ranks = {".".join(candidate): rank for candidate, rank in rank_sums(drops).items()}
    # Kernel, highest drop first: 0 0 1 2; regions, lowest drop first: 1 0 1 2.
    assert ranks == {"a.x": 1, "a.y": 0, "b.x": 2, "b.y": 4}


def test_the_lowest_sum_of_every_choice_is_pruned_each_round() -> None:
    scores = Scores(
        {
            "a.x": (0.9, 0.0),
            "a.y": (0.5, 0.5),
            "a.z": (0.1, 0.9),
            "b.x": (0.2, 0.8),
            "b.y": (0.3, 0.7),
        }
    )
    active, measured = prune({"a": "xyz", "b": "xy", "c": "x"}, scores)
    assert active == {"a": ("z",), "b": ("x",), "c": ("x",)}
    assert scores.rounds == [["a.x", "a.y", "a.z", "b.x", "b.y"], ["a.y", "a.z"]]
    pruned = [(each.round, ".".join(each.candidate)) for each in measured if each.pruned]
    assert pruned == [(0, "a.x"), (0, "b.y"), (1, "a.y")]
    assert [each.rank for each in measured if each.round == 1] == [0, 2]


def test_of_equal_sums_the_higher_drop_of_the_kernel_decides_then_the_order() -> None:
    # Kernel ranks 1 0 2, region ranks 1 2 0: all sums are 2.
    scores = Scores({"a.x": (0.2, 0.2), "a.y": (0.3, 0.3), "a.z": (0.1, 0.1)})
    assert prune({"a": "xyz"}, scores)[0] == {"a": ("z",)}
    equal = Scores({"a.x": (0.0, 0.0), "a.y": (0.0, 0.0), "a.z": (0.0, 0.0)})
    assert prune({"a": "xyz"}, equal)[0] == {"a": ("z",)}


@pytest.mark.parametrize(("per_round", "sizes"), [(1, [5, 4, 3, 2]), (3, [5, 2]), (9, [5])])
def test_a_choice_keeps_one_value_however_many_are_pruned_at_once(
    per_round: int, sizes: list[int]
) -> None:
    scores = Scores({f"a.{value}": (0.1 * i, 0.0) for i, value in enumerate("vwxyz")})
    active, _ = prune({"a": "vwxyz"}, scores, per_round=per_round)
    assert active == {"a": ("v",)}
    assert [len(candidates) for candidates in scores.rounds] == sizes


def test_groups_keep_two_choices_and_follow_one_another() -> None:
    scores = Scores(
        {"a.x": (0.1, 0), "a.y": (0.9, 0), "b.x": (0.3, 0), "c.x": (0.2, 0), "d.x": (0.4, 0)}
    )
    options = {"a": "xy", "b": "x", "c": "x", "d": "x", "e": "x"}
    active, measured = prune(options, scores, {"first": "ab", "second": "abcd"}, kept=2)
    assert active == {"a": ("x",), "b": (), "c": ("x",), "d": (), "e": ("x",)}
    assert scores.rounds == [["a.x", "a.y"], ["a.x", "b.x", "c.x", "d.x"]]
    assert [each.round for each in measured] == [0, 0, 1, 1, 1, 1]
