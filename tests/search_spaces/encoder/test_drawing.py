"""Pictures: every layer, head and colour is there, and no word lies on another."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from nni_nlp_bench.core.errors import UserError
from search_spaces.encoder import EncoderArchitecture, EncoderLayer
from search_spaces.encoder.architecture import OPERATIONS
from search_spaces.encoder.drawing import STYLES, draw, figure
from search_spaces.encoder.published import published_encoder

TWO = EncoderArchitecture(
    128, (EncoderLayer("SA", "WMA", 4, 512, 3), EncoderLayer("DSC", 9, 2, 1024, 1))
)
FOUR = published_encoder("1")


@pytest.mark.parametrize("encoder", [TWO, FOUR])
def test_an_svg_says_what_every_layer_is(encoder: EncoderArchitecture, tmp_path: Path) -> None:
    draw(encoder, tmp_path / "encoder.svg")
    tree = ElementTree.parse(tmp_path / "encoder.svg")
    words = Counter("".join(e.itertext()) for e in tree.iter() if e.tag.endswith("text"))
    names = Counter(layer.name for layer in encoder.layers)
    for name, style in STYLES.items():
        assert words[name] == names[name]
        assert bool(words[style.long]) == (name in names)
    for layer in encoder.layers:
        assert words[f"{layer.heads} heads"]
    title = next(word for word in words if encoder.canonical_key[:8] in word)
    assert f"hidden size {encoder.hidden_size}" in title


def test_boxes_are_heads_and_layers_of_feed_forward_networks() -> None:
    boxes = [patch for patch in figure(TWO).axes[0].patches if isinstance(patch, Rectangle)]
    heights = Counter(round(box.get_height(), 3) for box in boxes)
    assert heights == {0.4: 4, 0.8: 2 + 3, 1.6: 1, 0.6: 2}


def test_every_operation_has_a_look_of_its_own() -> None:
    assert set(STYLES) == set(OPERATIONS)
    assert len({style.fill for style in STYLES.values()}) == len(OPERATIONS)


@pytest.mark.parametrize("encoder", [TWO, FOUR])
def test_no_word_lies_on_another(encoder: EncoderArchitecture) -> None:
    picture = figure(encoder)
    FigureCanvasAgg(picture).draw()
    texts = [*picture.axes[0].texts, *picture.legends]
    extents = [text.get_window_extent() for text in texts]
    assert len(extents) == 3 + 3 * len(encoder.layers) + 1
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))


@pytest.mark.parametrize("encoder", [TWO, FOUR])
def test_the_edge_of_the_picture_is_free(encoder: EncoderArchitecture, tmp_path: Path) -> None:
    draw(encoder, tmp_path / "encoder.png")
    pixels = imread(tmp_path / "encoder.png")[..., :3]
    edge = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((line == 1).all() for line in edge)
    assert (pixels < 1).any()


def test_equal_pictures_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(TWO, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="suffix"):
        draw(TWO, tmp_path / "encoder.txt")
