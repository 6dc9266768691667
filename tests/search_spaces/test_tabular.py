"""A space restricted to a table: every move lands in it, and everything in it can be reached."""

from __future__ import annotations

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import UnsupportedError
from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.tabular import TabularSpace


@pytest.fixture(scope="module")
def space() -> TabularSpace:
    cells, rng = get_space("rnn_cell"), np.random.default_rng(1)
    drawn = [cells.parse("lstm"), *(cells.sample(rng) for _ in range(150))]
    return TabularSpace(cells, list(dict.fromkeys(drawn)), nearest=5)


def test_moves_land_in_the_table(space: TabularSpace, rng: np.random.Generator) -> None:
    held = set(space.architectures)
    cell = space.sample(rng)
    for _ in range(200):
        child = space.mutate(cell, rng)
        assert child in held
        assert child != cell
        cell = child


def test_neighbours_are_mutual_distinct_and_never_itself(space: TabularSpace) -> None:
    around = {cell: space.neighbours(cell) for cell in space.architectures}
    for cell, near in around.items():
        assert len(near) == len(set(near)) >= 5
        assert cell not in near
        assert all(cell in around[other] for other in near)


def test_neighbours_come_nearest_first(space: TabularSpace) -> None:
    encodings = np.stack([space.encode(cell, "counts") for cell in space.architectures])
    deviation = encodings.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    for i, cell in enumerate(space.architectures[:20]):
        distances = np.linalg.norm((encodings - encodings[i]) / scale, axis=1)
        near = [distances[space.architectures.index(other)] for other in space.neighbours(cell)]
        assert near == sorted(near)
        assert near[0] == pytest.approx(np.sort(distances)[1])


def test_the_nearest_of_a_held_cell_is_itself(space: TabularSpace) -> None:
    lstm = get_space("rnn_cell").parse("lstm")
    assert space.nearest(lstm) is space.architectures[0]


def test_any_cell_has_a_nearest_one(space: TabularSpace, rng: np.random.Generator) -> None:
    stranger = space.space.sample(np.random.default_rng(999))
    assert stranger not in space.architectures
    assert space.nearest(stranger) == space.neighbours(stranger)[0]


def test_the_nearest_cell_is_that_of_the_smallest_scaled_distance(space: TabularSpace) -> None:
    encodings = np.stack([space.encode(cell, "counts") for cell in space.architectures])
    deviation = encodings.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    for seed in range(10):
        stranger = space.space.sample(np.random.default_rng(1000 + seed))
        differences = (encodings - space.encode(stranger, "counts")) / scale
        distances = np.linalg.norm(differences, axis=1)
        chosen = space.architectures.index(space.nearest(stranger))
        assert distances[chosen] == pytest.approx(distances.min())


def test_the_nearest_of_some_cells_is_one_of_them(space: TabularSpace) -> None:
    cell, *others = space.architectures
    nearest = space.neighbours(cell)
    assert space.nearest(cell, others) == nearest[0]
    assert space.nearest(cell, nearest[3:]) == nearest[3]
    assert space.nearest(cell, [cell, nearest[3]]) is cell


def test_a_generator_selects_among_equally_near_ones() -> None:
    grids = GridBenchmark().architectures()
    table = TabularSpace(GridBenchmark().space, grids)
    middle, others = grids[62], [*grids[:62], *grids[63:]]
    one_edit = [a for a in others if np.not_equal(a.widths, middle.widths).sum() == 1]
    assert len({table.nearest(middle, others) for _ in range(5)}) == 1
    drawn = {table.nearest(middle, others, np.random.default_rng(seed)) for seed in range(100)}
    assert drawn == set(one_edit)


def test_a_whole_space_has_no_table_to_be_near_to() -> None:
    space = get_space("rnn_cell")
    with pytest.raises(UnsupportedError, match="not restricted to a table"):
        space.nearest(space.parse("lstm"))


def test_samples_of_choices_stand_for_cells_of_the_table(space: TabularSpace) -> None:
    choices = space.choices()
    cell = space.architectures[3]
    assert choices.from_sample(choices.to_sample(cell)) == cell
    stranger = space.space.sample(np.random.default_rng(999))
    assert choices.from_sample(choices.to_sample(stranger)) in space.architectures


def test_other_methods_are_those_of_the_space(space: TabularSpace) -> None:
    assert space.name == "rnn_cell"
    assert isinstance(space.parse("gru"), Recipe)


def test_a_table_of_one_is_refused(space: TabularSpace) -> None:
    with pytest.raises(UserError, match="at least two"):
        TabularSpace(space.space, space.architectures[:1])


def test_encodings_are_those_of_the_whole_space(space: TabularSpace) -> None:
    cell = space.architectures[3]
    expected = space.unwrapped.encode(cell, "counts")
    encoding = space.encode(cell, "counts")
    np.testing.assert_array_equal(encoding, expected)
    encoding += 1
    np.testing.assert_array_equal(space.encode(cell, "counts"), expected)
    np.testing.assert_array_equal(space.encode(cell), space.unwrapped.encode(cell))
