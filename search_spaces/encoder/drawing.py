"""A picture of one encoder: its layers in a row, each an operation and a feed-forward network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.encoder.architecture import FEED_FORWARD, EncoderArchitecture, EncoderLayer
from search_spaces.encoder.parameters import num_parameters
from search_spaces.plotting import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Style(NamedTuple):
    """Style of a box, and its name in the legend."""

    fill: str
    long: str


# The palette of Okabe & Ito (2008), made for colour-blind readers: a pair of like colours for each
# kind of operation.
STYLES = {
    "SA-SDP": Style("#56B4E9", "self-attention, scaled dot product"),
    "SA-WMA": Style("#0072B2", "self-attention, weighted product"),
    "LT-DFT": Style("#F0E442", "linear transform, Fourier"),
    "LT-DCT": Style("#E69F00", "linear transform, cosine"),
    "DSC-5": Style("#CC79A7", "dynamic convolution, width 5"),
    "DSC-9": Style("#D55E00", "dynamic convolution, width 9"),
}
_FEED_FORWARD = Style("#DDDDDD", "hidden layer of a feed-forward network")
_END = "#FFFFFF"
_WIRE = "#444444"

# In inches: an operation and a feed-forward network stand in a cell, cells next to each other.
_CELL = 2.9
_END_CELL = 1.5
_MIN_WIDTH = 8.4
_HEIGHT = 1.6
"""Height of an operation, and of the widest feed-forward layer."""
_HEADS = 0.72
"""Width of an operation."""
_BAR, _GAP = 0.26, 0.1
"""Width of a feed-forward layer, and of the gap between two."""
_AT = (0.62, 1.9)
"""Positions of the centres of both in a cell."""
_TOP, _LEGEND_AT, _BOTTOM = 1.9, -1.3, -2.3


def draw(encoder: EncoderArchitecture, path: Path) -> None:
    """Layers left to right: heads as slices of an operation, feed-forward layers as bars.

    The title's parameters are those with the vocabulary of BERT. Raises UserError as
    `save_picture` does.
    """
    save_picture(lambda: figure(encoder), path, encoder.canonical_key)


def figure(encoder: EncoderArchitecture) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    row = 2 * _END_CELL + _CELL * len(encoder.layers)
    width = max(row, _MIN_WIDTH)
    left = -_END_CELL - (width - row) / 2
    picture = Figure(figsize=(width, _TOP - _BOTTOM))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left, left + width)
    axes.set_ylim(_BOTTOM, _TOP)
    _end(axes, -_END_CELL / 2, "embed-\ndings")
    before = -_END_CELL / 2 + 0.42
    for number, layer in enumerate(encoder.layers):
        start = number * _CELL
        _arrow(axes, before, start + _AT[0] - _HEADS / 2)
        _operation(axes, start + _AT[0], layer)
        half = _half_width(layer)
        _arrow(axes, start + _AT[0] + _HEADS / 2, start + _AT[1] - half)
        _feed_forward(axes, start + _AT[1], layer)
        before = start + _AT[1] + half
    end = _CELL * len(encoder.layers) + _END_CELL / 2
    _arrow(axes, before, end - 0.42)
    _end(axes, end, "output")
    axes.text(left + width / 2, _TOP - 0.35, _title(encoder), ha="center", va="center", size=12)
    _legend(picture, encoder)
    return picture


def _title(encoder: EncoderArchitecture) -> str:
    labels = (
        encoder.canonical_key[:8],
        f"{len(encoder.layers)} layers",
        f"hidden size {encoder.hidden_size}",
        f"{num_parameters(encoder) / 1e6:.1f} M parameters",
    )
    return "   ·   ".join(labels)


def _operation(axes: Axes, middle: float, layer: EncoderLayer) -> None:
    """One box a head, one above the other."""
    style = STYLES[layer.name]
    height = _HEIGHT / layer.heads
    for head in range(layer.heads):
        _box(axes, middle, -_HEIGHT / 2 + (head + 0.5) * height, _HEADS, height, style.fill)
    axes.text(middle, _HEIGHT / 2 + 0.1, layer.name, size=10.5, ha="center", va="bottom")
    _caption(axes, middle, f"{layer.heads} heads")


def _feed_forward(axes: Axes, middle: float, layer: EncoderLayer) -> None:
    """One bar a hidden layer, as high as it is wide."""
    height = _HEIGHT * layer.feed_forward / max(FEED_FORWARD)
    first = middle - _half_width(layer) + _BAR / 2
    for number in range(layer.feed_forwards):
        place = first + number * (_BAR + _GAP)
        _box(axes, place, 0, _BAR, height, _FEED_FORWARD.fill)
    times = f"{layer.feed_forwards} \N{MULTIPLICATION SIGN} " if layer.feed_forwards > 1 else ""
    _caption(axes, middle, f"{times}{layer.feed_forward}")


def _half_width(layer: EncoderLayer) -> float:
    return (layer.feed_forwards * (_BAR + _GAP) - _GAP) / 2


def _caption(axes: Axes, middle: float, text: str) -> None:
    axes.text(middle, -_HEIGHT / 2 - 0.12, text, size=9.5, ha="center", va="top")


def _end(axes: Axes, middle: float, text: str) -> None:
    _box(axes, middle, 0, 0.84, 0.6, _END)
    axes.text(middle, 0, text, size=9.5, ha="center", va="center", zorder=4)


def _box(axes: Axes, x: float, y: float, width: float, height: float, fill: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (x - width / 2, y - height / 2)
    axes.add_patch(Rectangle(corner, width, height, fc=fill, ec=_WIRE, lw=1, zorder=3))


def _arrow(axes: Axes, start: float, end: float) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(FancyArrowPatch((start, 0), (end, 0), arrowstyle="-|>", mutation_scale=11,
                                   shrinkA=0, shrinkB=0, color=_WIRE, lw=1.4))  # fmt: skip


def _legend(picture: Figure, encoder: EncoderArchitecture) -> None:
    from matplotlib.patches import Patch

    used = {layer.name for layer in encoder.layers}
    styles = [*(style for name, style in STYLES.items() if name in used), _FEED_FORWARD]
    handles = [Patch(fc=style.fill, ec=_WIRE, label=style.long) for style in styles]
    top = (_LEGEND_AT - _BOTTOM) / (_TOP - _BOTTOM)
    picture.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, top), ncols=2,
                   frameon=False)  # fmt: skip
