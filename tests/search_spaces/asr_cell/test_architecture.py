"""The cell as a value: its rules, its JSON, the release's list, its identity and the release's."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given

from search_spaces.asr_cell import AsrCell, AsrCellError, Node
from search_spaces.asr_cell.architecture import DISTINCT_CELLS, OPS, SPACE_SIZE, all_cells
from search_spaces.asr_cell.canonical import ZERO
from search_spaces.asr_cell.parameters import num_parameters
from search_spaces.asr_cell.release_hash import release_hash
from search_spaces.asr_cell.space import AsrCellSpace
from search_spaces.testing import architectures
from search_spaces.values import MAX_JSON_CHARACTERS

SPACE = AsrCellSpace()
CELL = AsrCell((Node("linear", (0,)), Node("conv5", (0,)), Node("conv7d2", (0, 2))))


@cache
def everything() -> tuple[AsrCell, ...]:
    """All cells; each computes its key once."""
    return tuple(all_cells())


def cell(text: str) -> AsrCell:
    return AsrCell.from_list(text)


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        (
            Node("conv3"),
            "node 2: unknown op 'conv3'; known: linear, conv5, conv5d2, conv7, conv7d2",
        ),
        (
            Node("conv5", (1, 0)),
            "node 2: its skips must be different numbers from 0 to 1, ascending",
        ),
        (Node("conv5", (2,)), "node 2: its skips must be different numbers from 0 to 1, ascending"),
        (Node("conv5", (0, 0)), "node 2: its skips must be different numbers from 0 to 1"),
    ],
)
def test_a_broken_rule_is_named(node: Node, rule: str) -> None:
    with pytest.raises(AsrCellError) as error:
        AsrCell((CELL.nodes[0], node, CELL.nodes[2]))
    assert str(error.value).startswith(rule)


@pytest.mark.parametrize(
    "text",
    [
        '{"node_1": {}}',
        '{"node_1": 1, "node_2": 2, "node_3": 3}',
        '{"node_1": {}, "node_2": {}, "node_3": {}}',
        '{"node_1": {"op": 1, "skips": []}, "node_2": {}, "node_3": {}}',
        '{"node_1": {"op": "zero", "skips": [true]}, "node_2": {}, "node_3": {}}',
        '{"node_1": {}, "node_2": {}, "node_3": {}, "node_4": {}}',
        '{"a": ' + "[" * 4_000,
        "[[1,0],[1,0,0],[1,0,0]]",
        "[[1,0],[1,0,0],[1,0,0,0],[1]]",
        "[[6,0],[1,0,0],[1,0,0,0]]",
        "[[-1,0],[1,0,0],[1,0,0,0]]",
        "[[1,2],[1,0,0],[1,0,0,0]]",
        "[[1,true],[1,0,0],[1,0,0,0]]",
        "[[1.0,0],[1,0,0],[1,0,0,0]]",
        "[1,2,3]",
        "[" * 4_000,
        "[[1,0],[1,0,0],[1,0,0,0]",
        "[" + " " * MAX_JSON_CHARACTERS + "]",
    ],
)
def test_hostile_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(AsrCellError) as error:
        SPACE.parse(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_the_releases_list_is_read_and_written() -> None:
    """A skip is where the bit is 1; bit i is that of output i."""
    assert SPACE.parse("[[0,1],[1,1,0],[4,1,0,1]]").to_json() == CELL.to_json()
    assert SPACE.parse("[(0, 1), (1, 1, 0), (4, 1, 0, 1)]").to_json() == CELL.to_json()
    assert CELL.to_vector() == [[0, 1], [1, 1, 0], [4, 1, 0, 1]]
    for one in everything()[::97]:
        assert cell(str(one.to_vector())).to_json() == one.to_json()


def test_equal_networks_are_equal() -> None:
    """What nothing reads does not count, nor which node has an operation."""
    alone = cell("[[1,0],[5,0,0],[5,0,1,0]]")  # conv5 of the input
    assert cell("[[5,0],[5,1,0],[1,0,0,0]]") == alone
    assert cell("[[1,0],[3,0,0],[5,0,1,0]]") == alone
    assert cell("[[5,0],[5,0,0],[1,0,0,0]]") != alone  # conv5 of nothing
    assert cell("[[1,0],[5,1,0],[3,0,1,0]]") == cell("[[3,0],[5,1,0],[1,0,1,0]]")
    unused = cell("[[1,0],[3,1,1],[5,0,1,0]]")
    assert unused.canonical.to_json() == alone.to_json()


def test_two_operations_of_one_kind_stay_two() -> None:
    """conv5(x) + conv5(x) has twice the weights of 2 conv5(x)."""
    two, doubled = cell("[[1,0],[5,1,0],[1,0,1,0]]"), cell("[[1,0],[5,0,1],[5,0,1,1]]")
    assert two.normal_form == ((("conv5", (1, 0, 0)),) * 2, (0, 1, 1))
    assert doubled.normal_form == ((("conv5", (1, 0)),), (0, 2))
    assert two != doubled


def test_the_number_of_networks_and_of_hashes() -> None:
    """Both of the whole space, and how they mix."""
    hashes: defaultdict[str, set[str]] = defaultdict(set)
    keys: defaultdict[str, set[str]] = defaultdict(set)
    of_hash: defaultdict[str, int] = defaultdict(int)
    for one in everything():
        key, name = one.canonical_key, release_hash(one)
        hashes[name].add(key)
        keys[key].add(name)
        of_hash[name] += 1
    assert sum(of_hash.values()) == SPACE_SIZE == 13_824
    assert len(keys) == DISTINCT_CELLS == 9_155
    assert len(hashes) == 8_242
    mixing = [name for name, found in hashes.items() if len(found) > 1]
    assert (len(mixing), sum(of_hash[name] for name in mixing)) == (242, 5_824)
    assert sum(len(found) > 1 for found in keys.values()) == 513
    assert of_hash[release_hash(cell("[[5,0],[5,0,0],[5,0,0,0]]"))] == 812


@pytest.mark.parametrize(
    ("text", "name", "parameters"),
    [
        ("[[1,0],[1,0,0],[1,0,0,0]]", "36855332a5778e0df5114305bc3ce238", 26_338_848),
        ("[[0,1],[1,1,0],[4,1,0,1]]", "adb47992d93622245376905cc956a149", 43_100_448),
    ],
)
def test_published_hashes_and_parameters(text: str, name: str, parameters: int) -> None:
    description = SPACE.describe(cell(text))
    assert (description["release_hash"], description["parameters"]) == (name, parameters)


def test_the_parameters_of_all_cells() -> None:
    found = {num_parameters(one) for one in everything()}
    assert (len(found), min(found), max(found)) == (20, 23_695_248, 75_586_848)


def function_of(
    one: AsrCell, weights: tuple[float, float, float] = (0.61, 1.37, -0.83)
) -> frozenset[float]:
    """Outputs of a cell of numbers for each order of three weights; an operation bends its input
    in its own way and multiplies it by the weight of its node."""
    outputs = [np.full(6, 0.3)]
    for node, weight in zip(one.nodes, np.array([*permutations(weights)]).T, strict=True):
        output = sum((outputs[i] for i in node.skips), np.zeros(6))
        if node.op != ZERO:
            bend = 0.4 + 0.3 * OPS.index(node.op)
            output = output + weight * np.tanh(bend * outputs[-1] + bend**2)
        outputs.append(output)
    return frozenset(np.round(outputs[-1], 9).tolist())


def test_the_key_is_that_of_the_function() -> None:
    functions: defaultdict[frozenset[float], set[str]] = defaultdict(set)
    for one in everything():
        functions[function_of(one)].add(one.canonical_key)
    assert len(functions) == DISTINCT_CELLS
    assert {len(keys) for keys in functions.values()} == {1}


def test_operations_that_share_their_weights_would_make_fewer_networks() -> None:
    assert len({function_of(one, (1.0, 1.0, 1.0)) for one in everything()}) == 9_135


@given(architectures(SPACE))
def test_the_canonical_cell_is_the_same_without_what_nothing_reads(one: AsrCell) -> None:
    short = one.canonical
    assert short == one
    ops, _ = one.normal_form
    assert sorted(node.op for node in short.nodes if node.op != ZERO) == sorted(op for op, _ in ops)
    assert short.canonical is short
    assert num_parameters(short) <= num_parameters(one)


def test_edits_change_operations_and_skips() -> None:
    around = SPACE.neighbours(CELL)
    assert cell("[[0,1],[1,1,0],[2,1,0,1]]") in around
    assert cell("[[0,0],[1,1,0],[4,1,0,1]]") in around
    assert len(around) == 3 * 5 + 6
    rng = np.random.default_rng(0)
    mutants = [SPACE.mutate(CELL, rng) for _ in range(200)]
    skips = [m for m in mutants if [n.op for n in m.nodes] == [n.op for n in CELL.nodes]]
    assert 30 < len(skips) < 90


def test_samples_are_even() -> None:
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng) for _ in range(3_000)]
    for number, op in product(range(3), OPS):
        assert abs(sum(one.nodes[number].op == op for one in drawn) - 500) < 5 * 500**0.5
    assert abs(sum(2 in one.nodes[2].skips for one in drawn) - 1_500) < 5 * 750**0.5
