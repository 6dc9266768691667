"""A picture of one cell: its inputs at the left, its nodes, its output at the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.emd_cell.architecture import INPUTS, NODES, EmdCell
from search_spaces.emd_cell.encoding import depth
from search_spaces.emd_cell.parameters import num_parameters
from search_spaces.plotting import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Style(NamedTuple):
    """Style of an op: colour and width (in points) of its arrow, short and long name."""

    colour: str
    width: float
    short: str
    long: str


# The palette of Okabe & Ito (2008), made for colour-blind readers: a colour a kind of op, the wider
# the kernel the wider the arrow.
STYLES = {
    "stdconv_3": Style("#D55E00", 1.6, "std 3", "separable convolution 3, twice"),
    "stdconv_5": Style("#D55E00", 3.0, "std 5", "separable convolution 5, twice"),
    "stdconv_7": Style("#D55E00", 4.6, "std 7", "separable convolution 7, twice"),
    "dilconv_3": Style("#0072B2", 1.6, "dil 3", "dilated convolution 3"),
    "dilconv_5": Style("#0072B2", 3.0, "dil 5", "dilated convolution 5"),
    "dilconv_7": Style("#0072B2", 4.6, "dil 7", "dilated convolution 7"),
    "avg_pool_3x3": Style("#009E73", 2.2, "avg", "average pool 3"),
    "max_pool_3x3": Style("#CC79A7", 2.2, "max", "max pool 3"),
    "skip_connect": Style("#000000", 1.2, "skip", "skip"),
}
_GREY = "#A6A6A6"

# On the outline of one egg, so that no arrow runs through a third box: both inputs, the nodes, the
# output. In inches.
_PLACES = ((0.0, 0.95), (0.0, -0.95), (2.1, 1.75), (3.5, -1.75), (5.2, 1.45))
_OUTPUT = (7.2, 0.0)
_BOX = 0.32
"""Half the height of a box."""
_HALF_WIDTHS = (0.62, 0.62, 0.42, 0.42, 0.42)
_NAMES = ("cell before\nthe last", "last cell", *(f"node {number}" for number in range(NODES)))
_LABEL_AT = 0.36
"""Relative position of the label on each arrow, so that no two labels overlap."""


def draw(cell: EmdCell, path: Path) -> None:
    """Arrows from sources to nodes, coloured and labelled by their ops.

    The title's parameters are those of the paper's last training, without word vectors. Raises
    UserError as `save_picture` does.
    """
    save_picture(lambda: figure(cell), path, cell.canonical_key)


def figure(cell: EmdCell) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    left, right, bottom, top = -0.9, 8.0, -3.5, 2.8
    picture = Figure(figsize=(right - left, top - bottom))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    for number, node in enumerate(cell.nodes):
        end = INPUTS + number
        _arrow(axes, *_between(_PLACES[end], _OUTPUT, _HALF_WIDTHS[end], 0.5), _GREY, 1.2)
        for op, source in node:
            style = STYLES[op]
            halves = _HALF_WIDTHS[source], _HALF_WIDTHS[end]
            ends = _between(_PLACES[source], _PLACES[end], *halves)
            _arrow(axes, *ends, style.colour, style.width)
            _label(axes, *ends, style)
    for place, half, name in zip(_PLACES, _HALF_WIDTHS, _NAMES, strict=True):
        _box(axes, place, half, name)
    _box(axes, _OUTPUT, 0.5, "output")
    axes.text((left + right) / 2, top - 0.3, _title(cell), ha="center", va="center", size=12)
    _legend(picture, cell)
    return picture


def _title(cell: EmdCell) -> str:
    labels = (
        cell.canonical_key[:8],
        f"depth {depth(cell)}",
        f"{num_parameters(cell) / 1e6:.1f} M parameters",
    )
    return "   ·   ".join(labels)


Place = tuple[float, float]


def _between(start: Place, end: Place, half: float, end_half: float) -> tuple[Place, Place]:
    """Return where a line between the centres of two boxes leaves the first, enters the second."""
    return _leaving(start, end, half), _leaving(end, start, end_half)


def _leaving(place: Place, towards: Place, half: float) -> Place:
    """Return where a line from the centre of a box leaves it."""
    x, y = towards[0] - place[0], towards[1] - place[1]
    share = min(half / abs(x) if x else 1.0, _BOX / abs(y) if y else 1.0)
    return place[0] + share * x, place[1] + share * y


def _arrow(axes: Axes, start: Place, end: Place, colour: str, width: float) -> None:
    from matplotlib.patches import FancyArrowPatch

    head = 9 + 2.2 * width
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=head, shrinkA=0, shrinkB=1,
                        color=colour, lw=width, joinstyle="miter", zorder=1)
    )  # fmt: skip


def _label(axes: Axes, start: Place, end: Place, style: Style) -> None:
    x, y = (a + _LABEL_AT * (b - a) for a, b in zip(start, end, strict=True))
    box = {"fc": "white", "ec": style.colour, "lw": 0.8, "boxstyle": "round,pad=0.25"}
    axes.text(
        x, y, style.short, color=style.colour, size=9, ha="center", va="center", bbox=box, zorder=3
    )


def _box(axes: Axes, place: Place, half: float, name: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (place[0] - half, place[1] - _BOX)
    shape = "round,pad=0,rounding_size=0.08"
    box = FancyBboxPatch(
        corner, 2 * half, 2 * _BOX, boxstyle=shape, fc="#EEEEEE", ec="#444444", zorder=4
    )
    axes.add_patch(box)
    axes.text(*place, name, size=9, ha="center", va="center", linespacing=1.1, zorder=5)


def _legend(picture: Figure, cell: EmdCell) -> None:
    from matplotlib.lines import Line2D

    used = {op for node in cell.nodes for op, _ in node}
    handles = [
        *(
            Line2D([], [], color=style.colour, lw=style.width, label=style.long)
            for op, style in STYLES.items()
            if op in used
        ),
        Line2D([], [], color=_GREY, lw=1.2, label="channels of the output"),
    ]
    picture.legend(handles=handles, loc="lower center", ncols=3, frameon=False, fontsize=9)
