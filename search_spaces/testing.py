"""Tests that every search space passes. They need pytest and hypothesis.

>>> class TestMySpace(SpaceContract):
...     @pytest.fixture
...     def space(self):
...         return MySpace()
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.base import Architecture, EncodingKind, SearchSpace, UnsupportedError
from search_spaces.op_graph import GraphSpace
from search_spaces.registry import SPACES

A = TypeVar("A", bound=Architecture)
MAX_MUTATIONS = 5
FIRST_BYTES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def architectures(space: SearchSpace[A]) -> st.SearchStrategy[A]:
    """Return a hypothesis strategy: samples of the space after up to five mutations."""
    return st.builds(walk, st.just(space), st.integers(0, 2**32 - 1), st.integers(0, MAX_MUTATIONS))


def walk(space: SearchSpace[A], seed: int, mutations: int) -> A:
    """Return the sample of a seed after a number of mutations."""
    rng = np.random.default_rng(seed)
    architecture = space.sample(rng)
    for _ in range(mutations):
        architecture = space.mutate(architecture, rng)
    return architecture


@contextmanager
def skip_if_unsupported() -> Iterator[None]:
    """Skip the test if the space does not have the optional method."""
    try:
        yield
    except UnsupportedError as error:
        pytest.skip(str(error))


class SpaceContract:
    """Requirements of benchmarks, strategies and frameworks on a search space.

    A subclass overrides the fixture `space`, and `network_size` if the space has networks. Tests of
    optional methods that the space does not have are skipped.
    """

    @pytest.fixture
    def space(self) -> SearchSpace[Any]:
        """The space under test."""
        raise NotImplementedError("override the fixture `space`")

    @pytest.fixture
    def network_size(self) -> Mapping[str, int]:
        """A small size for the network of an architecture."""
        return {}

    @pytest.fixture(params=range(3))
    def architecture(self, space: SearchSpace[Any], request: pytest.FixtureRequest) -> Any:
        """A few architectures of the space in turn."""
        return walk(space, seed=request.param, mutations=request.param)

    def test_the_space_is_found_by_its_name(self, space: SearchSpace[Any]) -> None:
        assert isinstance(space, SPACES.get(space.name))

    def test_published_names_are_parsed(self, space: SearchSpace[Any]) -> None:
        names = space.published_names()
        assert len(set(names)) == len(names)
        for name in (*names[:5], *names[-5:]):
            assert space.parse(name) == space.parse(name)

    @pytest.mark.parametrize("text", ["", "no such name", "{", "{}", "[]", "null", "-1", "\x00"])
    def test_what_is_no_architecture_is_refused(self, space: SearchSpace[Any], text: str) -> None:
        with pytest.raises(ArchitectureError) as error:
            space.parse(text)
        assert str(error.value)
        assert "\n" not in str(error.value)

    def test_json_is_read_back(self, space: SearchSpace[Any], architecture: Any) -> None:
        again = space.parse(architecture.to_json())
        assert again == architecture
        assert again.to_json() == architecture.to_json()
        assert again.canonical_key == architecture.canonical_key
        assert hash(again) == hash(architecture)

    def test_the_key_is_the_identity(self, space: SearchSpace[Any]) -> None:
        found = [walk(space, seed, mutations=seed % 3) for seed in range(20)]
        assert all(re.fullmatch("[0-9a-f]{32}", a.canonical_key) for a in found)
        for a in found:
            assert all((a == b) == (a.canonical_key == b.canonical_key) for b in found)
        assert len(set(found)) > 1

    def test_the_seed_decides(self, space: SearchSpace[Any]) -> None:
        assert walk(space, 7, mutations=3).to_json() == walk(space, 7, mutations=3).to_json()

    def test_neighbours_are_others_each_once(
        self, space: SearchSpace[Any], architecture: Any
    ) -> None:
        around = space.neighbours(architecture)
        assert around
        assert architecture not in around
        assert len(set(around)) == len(around)
        assert all(space.parse(other.to_json()) == other for other in around)

    def test_a_mutation_is_a_neighbour(self, space: SearchSpace[Any], architecture: Any) -> None:
        around = set(space.neighbours(architecture))
        rng = np.random.default_rng(0)
        assert {space.mutate(architecture, rng) for _ in range(10)} <= around

    @pytest.mark.parametrize(("kind", "axes"), [("flat", 1), ("counts", 1), ("graph", 2)])
    def test_features_have_one_shape_and_belong_to_the_value(
        self, space: SearchSpace[Any], architecture: Any, kind: EncodingKind, axes: int
    ) -> None:
        features = space.encode(architecture, kind)
        assert features.dtype == np.float64
        assert features.ndim == axes
        assert np.isfinite(features).all()
        assert np.array_equal(features, space.encode(space.parse(architecture.to_json()), kind))
        others = [space.encode(walk(space, seed, 1), kind) for seed in range(5)]
        if axes == 1:
            assert {other.shape for other in others} == {features.shape}
        assert any(not np.array_equal(features, other) for other in others)

    def test_features_of_many_are_rows_in_order(self, space: SearchSpace[Any]) -> None:
        architectures = [walk(space, seed, 1) for seed in range(4)]
        rows = space.features(architectures)
        assert rows.shape[0] == 4 and rows.ndim == 2
        assert np.isfinite(rows).all()
        again = space.features([space.parse(a.to_json()) for a in reversed(architectures)])
        assert np.array_equal(rows, again[::-1])
        assert len(np.unique(rows, axis=0)) > 1

    def test_a_graph_of_operations_belongs_to_the_value(
        self, space: SearchSpace[Any], architecture: Any
    ) -> None:
        if not isinstance(space, GraphSpace):
            pytest.skip(f"space {space.name} has no op_graph")
        graph = space.op_graph(architecture)
        assert space.op_graph(space.parse(architecture.to_json())) == graph
        others = [walk(space, seed, 1) for seed in range(20)]
        assert {space.op_graph(other).op_set for other in others} == {graph.op_set}
        assert {space.op_graph(other).size for other in others} == {graph.size}
        assert len({space.op_graph(other) for other in others}) > 1

    def test_a_description_is_a_row_of_a_table(
        self, space: SearchSpace[Any], architecture: Any
    ) -> None:
        row = space.describe(architecture)
        assert json.loads(json.dumps(row, allow_nan=False)) == row
        assert all(isinstance(value, int | float | str) for value in row.values())
        assert list(row) == list(space.describe(walk(space, 99, 0)))

    def test_operations_are_counted(self, space: SearchSpace[Any], architecture: Any) -> None:
        counts = space.op_counts(architecture)
        assert list(counts) == list(space.op_set)
        assert all(type(count) is int and count >= 0 for count in counts.values())

    def test_the_network_is_a_torch_module(
        self, space: SearchSpace[Any], architecture: Any, network_size: Mapping[str, int]
    ) -> None:
        torch = pytest.importorskip("torch")
        with skip_if_unsupported():
            network = space.network(architecture, network_size)
        assert isinstance(network, torch.nn.Module)
        assert sum(weights.numel() for weights in network.parameters()) > 0

    def test_samples_are_plain_and_read_back(
        self, space: SearchSpace[Any], architecture: Any
    ) -> None:
        choices = space.choices()
        sample = choices.to_sample(architecture)
        assert choices.from_sample(json.loads(json.dumps(sample))) == architecture
        assert sample.keys() == choices.categoricals.keys()
        assert all(sample[label] in values for label, values in choices.categoricals.items())

    def test_nnis_samples_are_read_back(self, space: SearchSpace[Any], architecture: Any) -> None:
        pytest.importorskip("nni")
        choices = space.model_space()
        sample = choices.to_sample(architecture)
        assert set(sample) == set(choices.simplify())
        assert choices.validate(sample) is None
        assert choices.from_sample(sample) == architecture

    @pytest.mark.parametrize("suffix", FIRST_BYTES)
    def test_a_picture_is_one_file(
        self, space: SearchSpace[Any], architecture: Any, suffix: str, tmp_path: Path
    ) -> None:
        picture = tmp_path / f"picture.{suffix}"
        with skip_if_unsupported():
            space.draw(architecture, picture)
        assert picture.read_bytes().startswith(FIRST_BYTES[suffix])
        assert list(tmp_path.iterdir()) == [picture]
