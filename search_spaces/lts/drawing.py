"""A picture of one decoder: its layers in a row, each an attention and a feed-forward network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture
from search_spaces.lts.parameters import cluster_widths, count_parameters
from search_spaces.plotting import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe & Ito (2008), made for colour-blind readers.
_ATTENTION, _FEED_FORWARD, _EMBEDDING = "#56B4E9", "#E69F00", "#009E73"
_NAMES = {"gpt2": "GPT-2", "transformer_xl": "Transformer-XL"}
_LINE = "#444444"

# In inches.
_CELL = 0.95
_BOX, _GAP = 0.32, 0.06
"""Width of an attention and of a feed-forward network, and the gap between them."""
_HEIGHT = 2.4
"""Height of the widest box."""
_LEFT = 2.2
"""Space of the embedding and its label."""
_MIN_WIDTH = 8.6
_TOP, _BOTTOM = 1.0, 1.35


def draw(decoder: LtsArchitecture, path: Path) -> None:
    """Layers left to right, as high as they are wide: attention cut into heads, feed-forward.

    On the left are the embeddings of the clusters of tokens. The title's parameters are those with
    the vocabulary of the data set. Raises UserError as `save_picture` does.
    """
    save_picture(lambda: figure(decoder), path, decoder.canonical_key)


def figure(decoder: LtsArchitecture) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    width = max(_LEFT + _CELL * len(decoder.layers) + 0.3, _MIN_WIDTH)
    picture = Figure(figsize=(width, _TOP + _HEIGHT + _BOTTOM))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(-_HEIGHT / 2 - _BOTTOM, _HEIGHT / 2 + _TOP)
    widths = cluster_widths(decoder, decoder.setting)
    scale = _HEIGHT / max(*(layer.d_inner for layer in decoder.layers), decoder.d_model, *widths)
    axes.plot([0.4, _LEFT + _CELL * len(decoder.layers)], [0, 0], color=_LINE, lw=1.2, zorder=1)
    _embedding(axes, decoder, widths, scale)
    for number, layer in enumerate(decoder.layers):
        _layer(axes, _LEFT + number * _CELL, decoder.d_model, layer, scale)
    axes.text(width / 2, _HEIGHT / 2 + _TOP - 0.3, _title(decoder), ha="center", va="center",
              size=12)  # fmt: skip
    _legend(picture)
    return picture


def _title(decoder: LtsArchitecture) -> str:
    counts = count_parameters(decoder)
    labels = (
        f"{_NAMES[decoder.model]} on {decoder.dataset}",
        decoder.canonical_key[:8],
        f"width {decoder.d_model}",
        f"{counts.total / 1e6:.1f} M parameters, {counts.non_embedding / 1e6:.1f} M in layers",
    )
    return "   ·   ".join(labels)


def _embedding(axes: Axes, decoder: LtsArchitecture, widths: list[int], scale: float) -> None:
    """One bar per cluster of tokens."""
    for number, width in enumerate(widths):
        x = 0.4 + number * (_BOX + _GAP)
        _box(axes, x, 0, _BOX, width * scale, _EMBEDDING)
        _caption(axes, x + _BOX / 2, str(width))
    axes.text(0.4, _HEIGHT / 2 + 0.12, f"divisor {decoder.div_val}", size=9, ha="left",
              va="bottom")  # fmt: skip


def _layer(axes: Axes, left: float, d_model: int, layer: DecoderLayer, scale: float) -> None:
    """Attention as one box per head, then the feed-forward network."""
    height = d_model * scale / layer.n_head
    for head in range(layer.n_head):
        _box(axes, left, (head + 0.5 - layer.n_head / 2) * height, _BOX, height, _ATTENTION)
    _box(axes, left + _BOX + _GAP, 0, _BOX, layer.d_inner * scale, _FEED_FORWARD)
    _caption(axes, left + _BOX + _GAP / 2, f"{layer.n_head} heads\n{layer.d_inner}")


def _caption(axes: Axes, middle: float, text: str) -> None:
    axes.text(middle, -_HEIGHT / 2 - 0.1, text, size=8.5, ha="center", va="top")


def _box(axes: Axes, left: float, middle: float, width: float, height: float, fill: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (left, middle - height / 2)
    axes.add_patch(Rectangle(corner, width, height, fc=fill, ec=_LINE, lw=0.8, zorder=3))


def _legend(picture: Figure) -> None:
    from matplotlib.patches import Patch

    labels = {
        "embedding of a cluster of tokens": _EMBEDDING,
        "attention, cut into heads": _ATTENTION,
        "feed-forward network": _FEED_FORWARD,
    }
    handles = [Patch(fc=fill, ec=_LINE, label=label) for label, fill in labels.items()]
    picture.legend(handles=handles, loc="lower center", ncols=3, frameon=False)
