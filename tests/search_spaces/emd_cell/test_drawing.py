"""Pictures: every edge, label and colour is there, and nothing lies on another."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations, product
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell import EmdCell
from search_spaces.emd_cell.architecture import OPS
from search_spaces.emd_cell.drawing import STYLES, draw, figure
from search_spaces.emd_cell.published import published_cell

EXAMPLE = published_cell("example")
SKIPS = EmdCell.of([[("skip_connect", 0), ("skip_connect", 1)]] * 3)
SOURCES = list(product(combinations(range(3), 2), combinations(range(4), 2)))


def read_by(sources: tuple[tuple[int, ...], tuple[int, ...]]) -> EmdCell:
    pairs = ((0, 1), *sources)
    return EmdCell.of([[("stdconv_7", low), ("skip_connect", high)] for low, high in pairs])


@pytest.mark.parametrize("cell", [EXAMPLE, SKIPS])
def test_an_svg_shows_every_edge_and_the_colours_of_its_ops(cell: EmdCell, tmp_path: Path) -> None:
    draw(cell, tmp_path / "cell.svg")
    tree = ElementTree.parse(tmp_path / "cell.svg")
    words = Counter("".join(e.itertext()) for e in tree.iter() if e.tag.endswith("text"))
    colours = re.findall(r"stroke: (#[0-9a-f]{6})", (tmp_path / "cell.svg").read_text())
    count = Counter(op for node in cell.nodes for op, _ in node)
    for op, style in STYLES.items():
        in_legend = style.short == style.long and op in count
        assert words[style.short] == count[op] + in_legend
        assert bool(words[style.long]) == (op in count)
        if op in count:
            assert style.colour.lower() in colours
    for name in ("last cell", "node 0", "node 1", "node 2", "output"):
        assert words[name] == 1
    title = next(word for word in words if cell.canonical_key[:8] in word)
    assert "M parameters" in title


def test_every_op_has_a_look_of_its_own() -> None:
    assert set(STYLES) == set(OPS)
    assert len({(style.colour, style.width) for style in STYLES.values()}) == len(OPS)
    assert len({style.short for style in STYLES.values()}) == len(OPS)


@pytest.mark.parametrize("sources", SOURCES)
def test_labels_lie_on_no_box_and_no_other_label(sources: tuple[tuple[int, ...], ...]) -> None:
    picture = figure(read_by(sources))  # type: ignore[arg-type]
    FigureCanvasAgg(picture).draw()
    axes = picture.axes[0]
    labels = [
        box.get_window_extent() for text in axes.texts if (box := text.get_bbox_patch()) is not None
    ]
    boxes = [patch.get_window_extent() for patch in axes.patches if type(patch) is FancyBboxPatch]
    assert (len(labels), len(boxes)) == (6, 6)
    assert sum(type(patch) is FancyArrowPatch for patch in axes.patches) == 6 + 3
    assert not any(one.overlaps(other) for one, other in combinations([*labels, *boxes], 2))


@pytest.mark.parametrize("cell", [EXAMPLE, SKIPS])
def test_the_edge_of_the_picture_is_free(cell: EmdCell, tmp_path: Path) -> None:
    draw(cell, tmp_path / "cell.png")
    pixels = imread(tmp_path / "cell.png")[..., :3]
    edge = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((line == 1).all() for line in edge)
    assert (pixels < 1).any()


def test_equal_pictures_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(EXAMPLE, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="suffix"):
        draw(EXAMPLE, tmp_path / "cell.txt")
