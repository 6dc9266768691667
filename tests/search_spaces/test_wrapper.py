"""Spaces that wrap another: what they do not change is the other space's."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from search_spaces.base import SearchSpace, SizedSpace
from search_spaces.best_of_n import BestOfNSpace
from search_spaces.constrained import ConstrainedSpace
from search_spaces.op_graph import GraphSpace
from search_spaces.registry import get_space
from search_spaces.sentence_space import SentenceSpace
from search_spaces.tabular import TabularSpace
from search_spaces.wrapper import WrapperSpace

CELLS = get_space("emd_cell")


def first_digit(architecture: Any) -> float:
    return float(int(architecture.canonical_key[0], 16))


@pytest.fixture(scope="module")
def table() -> TabularSpace:
    rng = np.random.default_rng(0)
    return TabularSpace(CELLS, [CELLS.sample(rng) for _ in range(12)])


def test_every_method_is_delegated() -> None:
    public = {name for name in vars(SearchSpace) if callable(getattr(SearchSpace, name))}
    own = {name for name in public if not name.startswith("_")}
    own -= {"error", "restricted_to"}  # what is wrapped is restricted already
    own -= {"to_configspace", "from_configuration"}  # made of the choices
    assert own <= set(vars(WrapperSpace))


@pytest.mark.parametrize("interface", [GraphSpace, SentenceSpace, SizedSpace])
@pytest.mark.parametrize("name", ["emd_cell", "enas_cell"])
def test_optional_methods_are_those_of_the_space(interface: Any, name: str) -> None:
    space = get_space(name)
    wrapped = BestOfNSpace(BestOfNSpace(space, first_digit), first_digit)
    assert isinstance(wrapped.unwrapped, interface) == isinstance(space, interface)


def test_texts_features_and_counts_are_those_of_the_space(table: TabularSpace) -> None:
    cell = table.architectures[0]
    assert table.name == "emd_cell"
    assert table.published_names() == CELLS.published_names()
    assert table.parse("example") == CELLS.parse("example")
    assert table.op_counts(cell) == CELLS.op_counts(cell)
    assert list(table.op_set) == list(CELLS.op_set)
    assert np.array_equal(table.encode(cell), CELLS.encode(cell))


def test_a_table_is_that_of_the_innermost_space(table: TabularSpace) -> None:
    assert CELLS.table is None
    assert BestOfNSpace(CELLS, first_digit).table is None
    assert BestOfNSpace(BestOfNSpace(table, first_digit), first_digit).table is table.architectures
    constrained = ConstrainedSpace(table, lambda cell: first_digit(cell) < 8)
    allowed = [cell for cell in table.architectures if first_digit(cell) < 8]
    assert BestOfNSpace(constrained, first_digit).table == allowed
    assert ConstrainedSpace(CELLS, bool).table is None


def test_a_wrapped_space_is_pickled(table: TabularSpace) -> None:
    again = pickle.loads(pickle.dumps(BestOfNSpace(table, first_digit)))
    assert again.table == table.table
    assert again.sample(np.random.default_rng(3)) in table.architectures
