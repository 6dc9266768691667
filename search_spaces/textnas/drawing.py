"""A picture of one architecture: its layers in a row, inputs below, skips as arcs above."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.plotting import save_picture
from search_spaces.textnas.architecture import Arc
from search_spaces.textnas.encoding import count_skips
from search_spaces.textnas.parameters import num_parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Style(NamedTuple):
    """Style of an op: the name in its box, colours, the name in the legend."""

    short: str
    fill: str
    text: str
    long: str


# The palette of Okabe & Ito (2008), made for colour-blind readers: convolutions by their width.
STYLES = {
    "conv1": Style("conv1", "#F0E442", "black", "convolution 1"),
    "conv3": Style("conv3", "#E69F00", "black", "convolution 3"),
    "conv5": Style("conv5", "#D55E00", "white", "convolution 5"),
    "conv7": Style("conv7", "#CC79A7", "black", "convolution 7"),
    "avg_pool3": Style("avg", "#56B4E9", "black", "average pool 3"),
    "max_pool3": Style("max", "#0072B2", "white", "max pool 3"),
    "gru": Style("GRU", "#009E73", "white", "bidirectional GRU"),
    "attention": Style("attn", "#000000", "white", "attention"),
}
_STEM = Style("stem", "#EEEEEE", "black", "")
_WIRE = "#444444"
_SKIP = "#A6A6A6"

# Lengths in columns: the stem stands at -1, layer i at i.
_INCHES_A_COLUMN = 0.68
_WIDTH = 0.72  # of a box
_HEIGHT = 0.8
_ARC = 0.28  # height of a skip for each layer that it spans
_BOW = 0.24  # depth of an input for each layer that it spans
_TITLE = 1.0
_LEGEND = 1.4
_MIN_COLUMNS = 13  # what title and legend need
_LEGEND_COLUMNS = 5


def draw(arc: Arc, path: Path) -> None:
    """Layers left to right in their own order, each with its number, ops coloured.

    The title's parameters are those of the paper on SST-2, without word vectors. Raises UserError
    as `save_picture` does.
    """
    save_picture(lambda: figure(arc), path, arc.canonical_key)


def figure(arc: Arc) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    layers = len(arc.layers)
    inputs = [(-1 if source is None else source, i) for i, (source, *_) in enumerate(arc.edges)]
    skips = [(skip, i) for i, layer in enumerate(arc.layers) for skip in layer.skips]
    top = _HEIGHT / 2 + _ARC * max((end - start for start, end in skips), default=0)
    bottom = _HEIGHT / 2 + 0.3 + 0.75 * _BOW * max(end - start for start, end in inputs)
    width = max(layers + 1.6, _MIN_COLUMNS)
    height = top + bottom + _TITLE + _LEGEND
    picture = Figure(figsize=(width * _INCHES_A_COLUMN, height * _INCHES_A_COLUMN))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    middle = layers / 2 - 1
    axes.set_xlim(middle - width / 2, middle + width / 2)
    axes.set_ylim(-bottom - _LEGEND, top + _TITLE)
    for start, end in skips:
        _skip(axes, start, end)
    for start, end in inputs:
        _input(axes, start, end)
    _box(axes, -1, _STEM)
    for number, layer in enumerate(arc.layers):
        _box(axes, number, STYLES[layer.op])
        axes.text(number, -_HEIGHT / 2 - 0.06, str(number), size=8, ha="center", va="top", zorder=5,
                  bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    axes.text(middle, top + _TITLE / 2, _title(arc), ha="center", va="center", size=12)
    _legend(picture, arc)
    return picture


def _title(arc: Arc) -> str:
    labels = (
        arc.canonical_key[:8],
        f"{len(arc.layers)} layers",
        f"{count_skips(arc)} skips",
        f"{num_parameters(arc) / 1e6:.1f} M parameters",
    )
    return "   ·   ".join(labels)


def _skip(axes: Axes, start: int, end: int) -> None:
    """Half an ellipse from the top of a box to the top of a later one."""
    from matplotlib.patches import Arc as Ellipse

    middle, span = (start + end) / 2, end - start
    axes.add_patch(
        Ellipse((middle, _HEIGHT / 2), span, 2 * _ARC * span, theta1=0, theta2=180,
                color=_SKIP, lw=0.8, zorder=1)
    )  # fmt: skip


def _input(axes: Axes, start: int, end: int) -> None:
    """An arrow to the next box, or one below the boxes between."""
    from matplotlib.patches import FancyArrowPatch, PathPatch
    from matplotlib.path import Path as Curves

    span = end - start
    if span == 1:
        ends = (start + _WIDTH / 2, 0), (end - _WIDTH / 2, 0)
        axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=9, shrinkA=0,
                                       shrinkB=0, color=_WIRE, lw=1.4, zorder=2))  # fmt: skip
        return
    right, left = start + _WIDTH / 2 - 0.1, end - _WIDTH / 2 + 0.1
    edge, low = -_HEIGHT / 2, -_HEIGHT / 2 - 0.3 - _BOW * span
    points = [(right, edge), (right, low), (left, low), (left, edge)]
    curves = Curves(points, [Curves.MOVETO, *[Curves.CURVE4] * 3])
    axes.add_patch(PathPatch(curves, fill=False, color=_WIRE, lw=1.4, zorder=2))
    axes.plot(left, edge - 0.06, marker="^", markersize=5, color=_WIRE, zorder=4)


def _box(axes: Axes, place: int, style: Style) -> None:
    from matplotlib.patches import FancyBboxPatch

    shape = "round,pad=0,rounding_size=0.1"
    corner = (place - _WIDTH / 2, -_HEIGHT / 2)
    box = FancyBboxPatch(corner, _WIDTH, _HEIGHT, boxstyle=shape, fc=style.fill, ec=_WIRE, zorder=3)
    axes.add_patch(box)
    text = axes.text(place, 0, style.short, color=style.text, size=8.5, ha="center", zorder=4)
    text.set_verticalalignment("center_baseline")


def _legend(picture: Figure, arc: Arc) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    used = {layer.op for layer in arc.layers}
    handles = [
        *(Patch(fc=s.fill, ec=_WIRE, label=s.long) for op, s in STYLES.items() if op in used),
        Line2D([], [], color=_WIRE, lw=1.4, label="input"),
        Line2D([], [], color=_SKIP, lw=0.8, label="skip"),
    ]
    picture.legend(handles=handles, loc="lower center", ncols=_LEGEND_COLUMNS, frameon=False)
