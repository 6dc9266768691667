"""Encodings for NASLib's predictors, tested without NASLib."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.naslib.encodings import GCN_COLUMNS, SEMINAS_VERTICES, encoding
from search_spaces.op_graph import OpGraph
from search_spaces.registry import get_space
from search_spaces.testing import walk

SPACES = ("rnn_cell", "textnas", "emd_cell", "enas_cell", "encoder", "lts", "asr_cell")


def sampled(name: str, count: int = 20) -> tuple[Any, list[Any]]:
    space = get_space(name)
    return space, [walk(space, seed, 2) for seed in range(count)]


@pytest.mark.parametrize("name", SPACES)
def test_flat_encodings_have_equal_lengths(name: str) -> None:
    space, architectures = sampled(name)
    lists = [encoding(space, a, "ADJACENCY_ONE_HOT") for a in architectures]
    assert {type(value) for row in lists for value in row} == {float}
    assert len({len(row) for row in lists}) == 1


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("kind", ["GCN", "BONAS"])
def test_graphs_can_be_stacked(name: str, kind: str) -> None:
    space, architectures = sampled(name)
    graphs: list[Any] = [encoding(space, a, kind) for a in architectures]
    for part in ("adjacency", "operations"):
        stacked = np.stack([graph[part] for graph in graphs])
        assert stacked.dtype == np.float32
        assert len({matrix.tobytes() for matrix in stacked}) > 1
    assert {graph["adjacency"].shape[0] for graph in graphs} == {len(graphs[0]["operations"])}


@pytest.mark.parametrize("name", SPACES)
def test_gcn_encodes_operations_uniquely(name: str) -> None:
    space, architectures = sampled(name)
    codes: dict[str, tuple[float, ...]] = {}
    for architecture in architectures:
        graph = space.op_graph(architecture)
        encoded: Any = encoding(space, architecture, "GCN")
        assert encoded["operations"].shape == (graph.size, GCN_COLUMNS)
        assert encoded["num_vertices"] == len(graph.vertices) == encoded["mask"].sum()
        assert not encoded["operations"][len(graph.vertices) :].any()
        assert not np.tril(encoded["adjacency"]).any()
        for kind, row in zip(graph.vertices, encoded["operations"], strict=False):
            assert codes.setdefault(kind, tuple(row)) == tuple(row)
    assert len(set(codes.values())) == len(codes)


def test_graph_of_the_lstm() -> None:
    space = get_space("rnn_cell")
    lstm = space.parse("lstm")
    graph = space.op_graph(lstm)
    encoded: Any = encoding(space, lstm, "GCN")
    assert len(graph.vertices) == len(lstm.nodes) + 3  # x and two states
    counts = space.op_counts(lstm)
    assert encoded["operations"].sum(0).tolist() == [3.0, *map(float, counts.values())]
    assert encoded["adjacency"].sum() == len(graph.edges)


def test_bonas_has_a_global_last_vertex() -> None:
    space = get_space("emd_cell")
    cell = space.sample(np.random.default_rng(0))
    encoded: Any = encoding(space, cell, "BONAS")
    graph = space.op_graph(cell)
    assert encoded["adjacency"][-1, : len(graph.vertices)].all()
    assert encoded["adjacency"].diagonal().all()
    read = {(int(end), int(start)) for start, end in np.argwhere(encoded["adjacency"][:-1])}
    assert {edge for edge in read if edge[0] != edge[1]} == set(graph.edges)


def test_error_for_graphs_too_large_for_seminas() -> None:
    space = get_space("rnn_cell")
    fitting = space.parse("lstm")
    encoded: Any = encoding(space, fitting, "SEMINAS")
    assert len(encoded["adjacency"]) == len(encoded["operations"]) <= SEMINAS_VERTICES
    with pytest.raises(UserError, match="takes graphs of up to 25 vertices of 10 kinds"):
        encoding(get_space("emd_cell"), get_space("emd_cell").parse("example"), "SEMINAS")


def test_error_for_unknown_encoding() -> None:
    space = get_space("rnn_cell")
    with pytest.raises(UserError, match="unknown encoding 'TREE'; known: ADJACENCY_ONE_HOT"):
        encoding(space, space.parse("lstm"), "TREE")


@pytest.mark.parametrize(
    ("vertices", "edges", "size", "words"),
    [
        (("a",), (), 0, "1 vertices, more than 0"),
        (("c",), (), 1, "not in op_set"),
        (("a", "b"), ((1, 0),), 2, "from a lower vertex to a higher"),
    ],
)
def test_graphs_are_validated(vertices: Any, edges: Any, size: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OpGraph(("a", "b"), vertices, edges, size)
