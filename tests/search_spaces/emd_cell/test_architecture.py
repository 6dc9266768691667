"""The cell as a value: its rules, its JSON, the release's text."""

from __future__ import annotations

import json
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.emd_cell import CellError, Edge, EmdCell, moves
from search_spaces.emd_cell.architecture import EDGES, OPS
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.genotype import MAX_CHARACTERS, from_genotype, to_genotype
from search_spaces.emd_cell.parameters import num_parameters
from search_spaces.emd_cell.published import GENOTYPES, published_cell
from search_spaces.emd_cell.space import EmdCellSpace
from search_spaces.values import MAX_JSON_CHARACTERS

CELLS = st.builds(lambda seed: moves.sample(np.random.default_rng(seed)), st.integers(0, 2**32 - 1))
EXAMPLE = published_cell("example")
NODE = '[("skip_connect", 0), ("skip_connect", 1)]'
HOSTILE = [
    "",
    "normal",
    "normal=",
    "normal=[",
    "normal=[]",
    "normal=3",
    "normal={}",
    "normal='abc'",
    "normal=[1, 2, 3]",
    "normal=[[], [], []]",
    f"normal=[{NODE}, {NODE}]",
    f"normal=[{NODE}, {NODE}, {NODE}, {NODE}]",
    f"normal=[{NODE}, {NODE}, [('none', 0), ('skip_connect', 1)]]",
    f"normal=[{NODE}, {NODE}, [('x\\n', 0), ('skip_connect', 1)]]",
    f"normal=[{NODE}, {NODE}, [(None, 0), ('skip_connect', 1)]]",
    f"normal=[{NODE}, {NODE}, [('skip_connect', True), ('skip_connect', 0)]]",
    f"normal=[{NODE}, {NODE}, [('skip_connect', 1.0), ('skip_connect', 0)]]",
    f"normal=[{NODE}, {NODE}, [('skip_connect', {'9' * 999}), ('skip_connect', 0)]]",
    f"normal=[{NODE}, {NODE}, [('skip_connect', 0, 1), ('skip_connect', 1)]]",
    f"normal=[{NODE}, {NODE}, {{0: 1}}]",
    f"normal=[{NODE}, {NODE}, __import__('os').getcwd()]",
    f"normal=[{NODE}] * 3",
    "normal=[x for x in y]",
    "normal=open('/etc/passwd')",
    "normal=9**9**9",
    "normal=\x00",
    "normal=[]) + Genotype(normal=[]",
    "normal=(lambda: 1)()",
    "normal=" + "[" * 1_900,
    "normal=" + "-" * 1_900 + "1",
    "normal=" + "1+" * 900 + "1",
    "normal=" + "(" * 900 + ")" * 900,
    "normal=" + "a." * 900 + "b",
    "normal=" + " " * MAX_CHARACTERS,
    "Genotype",
    "Genotype()",
    "Genotype([])",
    "Genotype(*[])",
    "Genotype(**{})",
    "Genotype(reduce=[])",
    "Genotype(normal=[], normal=[])",
    "Genotype(normal=[]).normal",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], cells=4)",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], normal_concat=range(1, 5))",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], normal_concat=range(2, 10**9))",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], normal_concat=[2, 4])",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], normal_concat=2)",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], reduce=[{NODE}])",
    f"Genotype(normal=[{NODE}, {NODE}, {NODE}], reduce=print())",
]


@pytest.mark.parametrize(
    ("node", "edges", "rule"),
    [
        (0, [("stdconv_3", 0)], "node 0: it has 2 edges, got 1"),
        (1, [("stdconv_3", 0)] * 3, "node 1: it has 2 edges, got 3"),
        (0, [("stdconv_3", 0), ("stdconv_3", 2)], "node 0: a source must be 0 to 1, got 2"),
        (2, [("stdconv_3", -1), ("stdconv_3", 2)], "node 2: a source must be 0 to 3, got -1"),
        (1, [("stdconv_3", 2), ("dilconv_3", 2)], "node 1: its sources must differ, got 2 twice"),
        (1, [("none", 2), ("dilconv_3", 1)], "node 1: unknown op 'none'; known: stdconv_3, std"),
    ],
)
def test_a_broken_rule_is_named(node: int, edges: list[tuple[str, int]], rule: str) -> None:
    nodes = list(EXAMPLE.nodes)
    nodes[node] = tuple(Edge(*edge) for edge in edges)
    with pytest.raises(CellError, match=rule):
        EmdCell(tuple(nodes))


def test_a_cell_has_three_nodes() -> None:
    for nodes in ((), EXAMPLE.nodes[:2], EXAMPLE.nodes + EXAMPLE.nodes[:1]):
        with pytest.raises(CellError, match=f"a cell has 3 nodes, got {len(nodes)}"):
            EmdCell(nodes)


def test_the_space_has_as_many_cells_as_the_paper_says() -> None:
    assert len(EDGES) == 9
    values = CellChoices().categoricals.values()
    assert np.prod([len(of) for of in values]) == 9_565_938
    by_node = [comb(2 + node, 2) * len(OPS) ** 2 for node in range(3)]
    assert np.prod(by_node) == 9_565_938
    # Every pair of edges from different sources is a node, and no other is.
    for node, count in enumerate(by_node):
        edges = list(product(OPS, range(2 + node)))
        valid = 0
        for pair in combinations(edges, 2):
            nodes = [NODES_BELOW, NODES_BELOW, NODES_BELOW]
            nodes[node] = pair
            try:
                EmdCell.of(nodes)
            except CellError:
                continue
            valid += 1
        assert valid == count


NODES_BELOW: object = (("skip_connect", 0), ("skip_connect", 1))


def test_the_order_of_edges_means_nothing_and_is_kept() -> None:
    turned = EmdCell(tuple(node[::-1] for node in EXAMPLE.nodes))
    assert turned == EXAMPLE
    assert hash(turned) == hash(EXAMPLE)
    assert turned.nodes != EXAMPLE.nodes
    assert EmdCell.from_json(turned.to_json()).nodes == turned.nodes
    assert from_genotype(to_genotype(turned)).nodes == turned.nodes


@given(CELLS)
def test_texts_are_read_back_in_their_own_order(cell: EmdCell) -> None:
    assert EmdCell.from_json(str(cell)).nodes == cell.nodes
    assert from_genotype(to_genotype(cell)).nodes == cell.nodes
    for text in EmdCellSpace().release_formats(cell).values():
        assert EmdCellSpace().parse(text).nodes == cell.nodes


def test_json_looks_as_documented() -> None:
    assert json.loads(EXAMPLE.to_json()) == {
        "nodes": [
            [["stdconv_5", 0], ["dilconv_3", 1]],
            [["avg_pool_3x3", 2], ["stdconv_3", 0]],
            [["max_pool_3x3", 3], ["max_pool_3x3", 2]],
        ]
    }


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        ([["stdconv_3", True], ["stdconv_3", 0]], "a source must be a whole number"),
        ([["stdconv_3", 0.0], ["stdconv_3", 1]], "a source must be a whole number"),
        ([["stdconv_3", 10**17], ["stdconv_3", 1]], "a source must be 0 to 2"),
        ([[None, 0], ["stdconv_3", 1]], "an op must be a word"),
        ([["x\n" * 999, 0], ["stdconv_3", 1]], "unknown op"),
        ([["stdconv_3"], ["stdconv_3", 1]], "its edges must be pairs of an op and a source"),
        (["stdconv_3", 1], "its edges must be pairs of an op and a source"),
        ({}, "its edges must be pairs of an op and a source"),
        (None, "its edges must be pairs of an op and a source"),
    ],
)
def test_a_node_of_other_json_is_refused_by_its_number(node: object, rule: str) -> None:
    first = [["stdconv_3", 0], ["stdconv_3", 1]]
    with pytest.raises(CellError, match=f"node 1: .*{rule}") as error:
        EmdCell.from_json(json.dumps({"nodes": [first, node, first]}))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"nodes": {}}',
        '{"nodes": [], "x": 1}',
        '{"nodes": [NaN]}',
        "[" * 9_999,
        '{"nodes":' * 999,
        '{"nodes": [[["stdconv_3", ' + "1" * 5_000,
        " " * (MAX_JSON_CHARACTERS + 1),
    ],
)
def test_other_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CellError) as error:
        EmdCell.from_json(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


def test_the_example_is_read_in_all_forms_of_the_release() -> None:
    bare = GENOTYPES["example"].removeprefix("normal=")
    parts = "reduce=[], reduce_concat=range(2, 5)"
    for text in (
        GENOTYPES["example"],
        bare,
        f"  {bare}\n",
        f"normal = {bare}",
        f"Genotype(normal={bare})",
        f"Genotype(normal={bare}, normal_concat=range(2, 5), {parts})",
        f"Genotype(normal={bare}, normal_concat=[2, 3, 4], reduce=[], reduce_concat=[])",
        f"normal={bare}, normal_concat=range(2, 5)",
        bare.replace(",", ",\n "),
    ):
        assert from_genotype(text).nodes == EXAMPLE.nodes
        assert EmdCellSpace().parse(text).nodes == EXAMPLE.nodes
    assert to_genotype(EXAMPLE) == GENOTYPES["example"]
    assert EmdCellSpace().release_formats(EXAMPLE) == {"genotype": GENOTYPES["example"]}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("read", [from_genotype, EmdCellSpace().parse])
@pytest.mark.filterwarnings("error::SyntaxWarning", "error::DeprecationWarning")
def test_other_text_is_refused_in_one_line(read: object, text: str) -> None:
    with pytest.raises(CellError) as error:
        read(text)  # type: ignore[operator]
    assert str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for form in (text, f"normal={text}", f"[[{text}]]", f"Genotype(normal={text})"):
        with pytest.raises(CellError):
            EmdCellSpace().parse(form)


def test_figures_of_the_example() -> None:
    row = EmdCellSpace().describe(EXAMPLE)
    assert (row["depth"], row["inner_edges"], row["ends"]) == (3, 3, 1)
    assert {op: row[op] for op in OPS if row[op]} == {
        "stdconv_3": 1, "stdconv_5": 1, "avg_pool_3x3": 1, "max_pool_3x3": 2, "dilconv_3": 1,
    }  # fmt: skip
    assert row["parameters"] == num_parameters(EXAMPLE) == 2_606_594


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(CellError, match="width must be between 1 and 1,000,000, got 0"):
        num_parameters(EXAMPLE, width=0)
    with pytest.raises(CellError, match="cells must be between 1 and 1,000,000, got -1"):
        EmdCellSpace().parameters(EXAMPLE, {"cells": -1})
