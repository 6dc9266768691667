"""Pictures of cells: what they show, and that they are written whole or not at all."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from nni_nlp_bench.core.errors import UserError
from search_spaces.rnn_cell import Recipe, moves
from search_spaces.rnn_cell.drawing import STYLES, draw
from search_spaces.rnn_cell.layout import arrange, count_crossings
from search_spaces.rnn_cell.published import NAMED, named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace


def select_tokens(svg: Path) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.parse(svg).iter() if e.tag.endswith("text")]


def colours_of(svg: Path) -> set[str]:
    return {colour.upper() for colour in re.findall(r"fill: (#[0-9a-f]{6})", svg.read_text())}


@pytest.mark.parametrize("name", [*NAMED, "1007537"])
def test_an_svg_shows_every_node_and_the_colours_of_its_operations(
    tmp_path: Path, name: str
) -> None:
    recipe = RnnCellSpace().parse(name)
    draw(recipe, tmp_path / "cell.svg")
    words = Counter(select_tokens(tmp_path / "cell.svg"))
    count = Counter(node.op for node in recipe.nodes)
    for op, style in STYLES.items():
        in_legend = op in count
        assert words[style.long] == in_legend + (style.short == style.long) * count[op]
        if style.short != style.long:
            assert words[style.short] == count[op]
        assert (style.fill in colours_of(tmp_path / "cell.svg")) == in_legend
    results = [f"h_new_{i}" for i in range(recipe.hidden_states)]
    for end in (*recipe.sources, *results):
        assert words[end] == 1
    assert [words[letter] for letter in "abc"] == [count["blend"]] * 3
    title = next(word for word in words if recipe.canonical_key[:8] in word)
    assert f"{len(recipe.nodes)} nodes" in title
    assert "M parameters" in title


@pytest.mark.parametrize(
    "name", [n if n == "rnn" else pytest.param(n, marks=pytest.mark.slow) for n in NAMED]
)
def test_a_png_has_the_picture_in_it(tmp_path: Path, name: str) -> None:
    RnnCellSpace().draw(named_recipe(name), tmp_path / "cell.png")
    pixels = imread(tmp_path / "cell.png")[..., :3]
    height, width, _ = pixels.shape
    assert width > 700
    assert height > 300
    assert len(np.unique((pixels * 255).astype(int).reshape(-1, 3), axis=0)) > 20
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert np.all(border == 1), "nothing is cut off at the border"


def test_a_pdf_is_one(tmp_path: Path) -> None:
    draw(named_recipe("gru"), tmp_path / "cell.PDF")
    assert (tmp_path / "cell.PDF").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_equal_cells_give_equal_files(tmp_path: Path, suffix: str) -> None:
    for name in ("first", "second"):
        draw(named_recipe("lstm"), tmp_path / f"{name}.{suffix}")
    first, second = ((tmp_path / f"{n}.{suffix}").read_bytes() for n in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("name", ["cell.jpeg", "cell", "cell.", ".png"])
def test_an_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="png, svg, pdf") as error:
        draw(named_recipe("rnn"), tmp_path / name)
    assert name in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_placed_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "cell.png").mkdir()
    with pytest.raises(UserError, match=r"cell\.png is a folder"):
        draw(named_recipe("rnn"), tmp_path / "cell.png")
    assert [file.name for file in tmp_path.iterdir()] == ["cell.png"]
    assert list((tmp_path / "cell.png").iterdir()) == []


def test_a_picture_that_fails_leaves_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(named_recipe("rnn"), tmp_path / "cell.svg")
    former = (tmp_path / "cell.svg").read_bytes()
    monkeypatch.setitem(STYLES, "blend", STYLES["blend"]._replace(fill="no colour"))
    with pytest.raises(ValueError, match="no colour"):
        draw(named_recipe("gru"), tmp_path / "cell.svg")
    assert [file.name for file in tmp_path.iterdir()] == ["cell.svg"]
    assert (tmp_path / "cell.svg").read_bytes() == former


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_nodes_stand_in_order_and_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    recipe = moves.mutate(moves.sample(rng), rng)
    layout = arrange(recipe)
    assert all(layout.column[name] == 0 for name in recipe.sources)
    for node in recipe.nodes:
        for name in node.inputs:
            assert layout.column[name] < layout.column[node.name] < layout.last
            # The edge has a place of its own in every column that it passes.
            for place in range(layout.column[name], layout.column[node.name]):
                assert (name, place) in layout.height
    nodes = set(layout.column.items())
    for column in range(layout.last + 1):
        inside = sorted((h, v) for v, h in layout.height.items() if v[1] == column)
        for (above, a), (below, b) in pairwise(inside):
            closest = 0.5 if a not in nodes and b not in nodes else 0.75
            assert below - above > closest


def test_the_drawing_of_the_lstm_has_hardly_any_crossings() -> None:
    """Two sources that feed four nodes cross six times at least."""
    recipe = named_recipe("lstm")
    layout = arrange(recipe)
    layers: list[list[tuple[str, int]]] = [[] for _ in range(layout.last + 1)]
    for vertex in sorted(layout.height, key=layout.height.__getitem__):
        layers[vertex[1]].append(vertex)
    edges = [
        ((source, layout.column[node.name] - 1), (node.name, layout.column[node.name]))
        for node in recipe.nodes
        for source in node.inputs
    ]
    assert count_crossings(layers, edges) == 6


def test_a_wide_cell_is_drawn(tmp_path: Path) -> None:
    inputs = ["node_0"] * 20
    recipe = Recipe.from_json(
        {
            "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
            "h_new_0": {"op": "elementwise_sum", "input": inputs},
        }
    )
    draw(recipe, tmp_path / "cell.svg")
    assert {"sum", "linear"} <= set(select_tokens(tmp_path / "cell.svg"))
