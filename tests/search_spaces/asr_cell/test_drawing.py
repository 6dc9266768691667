"""Pictures: every operation and skip is there, and no word lies on another."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.patches import PathPatch

from search_spaces.asr_cell import AsrCell
from search_spaces.asr_cell.architecture import OPS
from search_spaces.asr_cell.drawing import STYLES, draw, figure

ALL_SKIPS = AsrCell.from_list("[[0,1],[1,1,1],[4,1,1,1]]")
ONE_OP = AsrCell.from_list("[[3,0],[2,0,0],[5,0,1,0]]")


@pytest.mark.parametrize(("cell", "needed"), [(ALL_SKIPS, 3), (ONE_OP, 1)])
def test_an_svg_says_what_every_node_is(cell: AsrCell, needed: int, tmp_path: Path) -> None:
    draw(cell, tmp_path / "cell.svg")
    tree = ElementTree.parse(tmp_path / "cell.svg")
    words = Counter("".join(e.itertext()) for e in tree.iter() if e.tag.endswith("text"))
    for node in cell.nodes:
        assert words[node.op]
    named = [op for op, style in STYLES.items() if words[style.long]]
    # "linear" is the name in the legend and in the box.
    assert named == [op for op in STYLES if op in {n.op for n in cell.nodes[:needed]}]
    assert bool(words["operation that the output does not depend on"]) == (needed < 3)
    title = next(word for word in words if cell.canonical_key[:8] in word)
    assert f"{needed} of 3 operations" in title


def test_every_skip_is_an_arc() -> None:
    for cell, count in ((ALL_SKIPS, 6), (ONE_OP, 1)):
        arcs = [patch for patch in figure(cell).axes[0].patches if type(patch) is PathPatch]
        assert len(arcs) == count


def test_every_operation_has_a_look_of_its_own() -> None:
    assert {*STYLES, "zero"} == set(OPS)
    assert len({style.fill for style in STYLES.values()}) == len(STYLES)


@pytest.mark.parametrize("cell", [ALL_SKIPS, ONE_OP])
def test_no_word_lies_on_another(cell: AsrCell, tmp_path: Path) -> None:
    picture = figure(cell)
    FigureCanvasAgg(picture).draw()
    texts = [*picture.axes[0].texts, *picture.legends]
    extents = [text.get_window_extent() for text in texts]
    assert len(extents) == 3 + 2 * 3 + 1 + 1
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))
    draw(cell, tmp_path / "cell.png")
    pixels = imread(tmp_path / "cell.png")[..., :3]
    assert all((line == 1).all() for line in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))


def test_equal_pictures_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(ALL_SKIPS, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
