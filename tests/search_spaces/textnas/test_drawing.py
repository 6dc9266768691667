"""Pictures: every layer, edge and colour is there, and nothing lies outside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from matplotlib.image import imread

from nni_nlp_bench.core.errors import UserError
from search_spaces.textnas.drawing import STYLES, draw, figure
from search_spaces.textnas.published import published_arc
from search_spaces.textnas.space import TextNasSpace

PUBLISHED = published_arc("published")


@pytest.mark.parametrize("text", ["published", "0 6", "0 0 0 1 0 1 1 1 0"])
def test_an_svg_shows_every_layer_and_the_colours_of_its_ops(tmp_path: Path, text: str) -> None:
    arc = TextNasSpace().parse(text)
    draw(arc, tmp_path / "arc.svg")
    tree = ElementTree.parse(tmp_path / "arc.svg")
    words = Counter("".join(e.itertext()) for e in tree.iter() if e.tag.endswith("text"))
    colours = re.findall(r"fill: (#[0-9a-f]{6})", (tmp_path / "arc.svg").read_text())
    count = Counter(layer.op for layer in arc.layers)
    for op, style in STYLES.items():
        assert words[style.short] == count[op]
        assert words[style.long] == (op in count)
        # matplotlib leaves out the fill that SVG has by itself: black
        assert style.fill == "#000000" or (style.fill.lower() in colours) == (op in count)
    assert all(words[str(number)] == 1 for number in range(len(arc.layers)))
    title = next(word for word in words if arc.canonical_key[:8] in word)
    assert f"{len(arc.layers)} layers" in title
    assert "M parameters" in title


def test_every_skip_is_an_arc_and_every_input_a_wire() -> None:
    from matplotlib.patches import Arc as Ellipse
    from matplotlib.patches import FancyArrowPatch, PathPatch

    kinds = Counter(type(patch) for patch in figure(PUBLISHED).axes[0].patches)
    near = sum(PUBLISHED.source(i) in (None, i - 1) for i in range(24))
    assert kinds[Ellipse] == 101
    assert kinds[FancyArrowPatch] == near
    assert kinds[PathPatch] == 24 - near


@pytest.mark.parametrize("text", ["published", "0 6"])
def test_the_edge_of_the_picture_is_free(tmp_path: Path, text: str) -> None:
    draw(TextNasSpace().parse(text), tmp_path / "arc.png")
    pixels = imread(tmp_path / "arc.png")[..., :3]
    edge = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((line == 1).all() for line in edge)
    assert (pixels < 1).any()


def test_equal_pictures_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(PUBLISHED, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="suffix"):
        draw(PUBLISHED, tmp_path / "arc.txt")
