"""A picture of one cell: its operations in a row, skips as arcs above."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.asr_cell.architecture import NODES, AsrCell
from search_spaces.asr_cell.canonical import needed_ops
from search_spaces.asr_cell.parameters import num_parameters
from search_spaces.plotting import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Style(NamedTuple):
    """Style of an operation: colours, and its name in the legend."""

    fill: str
    text: str
    long: str


# The palette of Okabe & Ito (2008), made for colour-blind readers: a pair of like colours for each
# kernel.
STYLES = {
    "linear": Style("#009E73", "white", "linear"),
    "conv5": Style("#56B4E9", "black", "convolution, kernel 5"),
    "conv5d2": Style("#0072B2", "white", "convolution, kernel 5, dilation 2"),
    "conv7": Style("#E69F00", "black", "convolution, kernel 7"),
    "conv7d2": Style("#D55E00", "white", "convolution, kernel 7, dilation 2"),
}
_END = Style("#EEEEEE", "black", "")
_UNUSED = "operation that the output does not depend on"
_WIRE = "#444444"
_SKIP = "#888888"

# In inches: an operation and a sum stand in a cell, cells next to each other.
_CELL = 2.3
_BOX, _HEIGHT = 1.1, 0.62
_OP_AT, _SUM_AT = 0.8, 1.9
"""Positions of the centres of both in a cell."""
_SUM = 0.16
"""Radius of a sum."""
_ARC = 0.62
"""Height of a skip for each node that it spans."""
_END_CELL = 1.3
_TITLE, _BOTTOM = 0.7, -1.55


def draw(cell: AsrCell, path: Path) -> None:
    """Nodes left to right, each an operation and the sum with its skips.

    The title's parameters are those at the paper's sizes. Raises UserError as `save_picture` does.
    """
    save_picture(lambda: figure(cell), path, cell.canonical_key)


def figure(cell: AsrCell) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    spans = [number - skip for number, node in enumerate(cell.nodes, 1) for skip in node.skips]
    top = max(_HEIGHT / 2, _SUM + _ARC * max(spans, default=0)) + _TITLE
    left, right = -_END_CELL, NODES * _CELL + 2 * _END_CELL + 0.15
    picture = Figure(figsize=(right - left, top - _BOTTOM))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left, right)
    axes.set_ylim(_BOTTOM, top)
    _box(axes, _place(0), "input", _END)
    needed = needed_ops(cell.nodes)
    before = _place(0) + _BOX / 2
    for number, node in enumerate(cell.nodes, start=1):
        start = (number - 1) * _CELL
        _arrow(axes, before, start + _OP_AT - _BOX / 2)
        _box(axes, start + _OP_AT, node.op, STYLES.get(node.op, _END), unused=number not in needed)
        _arrow(axes, start + _OP_AT + _BOX / 2, start + _SUM_AT - _SUM)
        _sum(axes, start + _SUM_AT)
        for skip in node.skips:
            _skip(axes, skip, number)
        before = start + _SUM_AT + _SUM
    for name in ("layer norm", "output"):
        middle = before + 0.35 + _BOX / 2
        _arrow(axes, before, middle - _BOX / 2)
        _box(axes, middle, name, _END)
        before = middle + _BOX / 2
    axes.text((left + right) / 2, top - _TITLE / 2, _title(cell), ha="center", va="center", size=12)
    _legend(picture, cell, has_unused=len(needed) < NODES, top=-0.55, height=top - _BOTTOM)
    return picture


def _title(cell: AsrCell) -> str:
    labels = (
        cell.canonical_key[:8],
        f"{len(needed_ops(cell.nodes))} of {NODES} operations",
        f"{num_parameters(cell) / 1e6:.1f} M parameters",
    )
    return "   ·   ".join(labels)


def _place(output: int) -> float:
    """Position of an output: 0 is the cell's input, k the sum of node k."""
    return (output - 1) * _CELL + _SUM_AT if output else -_END_CELL / 2


def _skip(axes: Axes, start: int, end: int) -> None:
    """An arc from an output to the sum of a later node."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curves

    from_top = _SUM if start else _HEIGHT / 2
    # Skips to one sum end side by side.
    first, last = _place(start) + (0.05 if start else 0), _place(end) - 0.08 * (end - start - 1)
    height = _SUM + _ARC * (end - start) * 4 / 3
    points = [(first, from_top), (first, height), (last, height), (last, _SUM + 0.06)]
    curve = Curves(points, [Curves.MOVETO, *[Curves.CURVE4] * 3])
    axes.add_patch(PathPatch(curve, fill=False, color=_SKIP, lw=1.3, zorder=1))
    axes.plot(last, _SUM + 0.05, marker="v", markersize=4.5, color=_SKIP, zorder=4)


def _sum(axes: Axes, middle: float) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((middle, 0), _SUM, fc="white", ec=_WIRE, lw=1, zorder=3))
    axes.text(middle, 0, "+", size=12, ha="center", va="center_baseline", zorder=4)


def _box(axes: Axes, middle: float, name: str, style: Style, *, unused: bool = False) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (middle - _BOX / 2, -_HEIGHT / 2)
    axes.add_patch(
        FancyBboxPatch(corner, _BOX, _HEIGHT, boxstyle="round,pad=0,rounding_size=0.1",
                       fc="white" if unused else style.fill, ec=_WIRE, lw=1,
                       ls="--" if unused else "-", zorder=3)
    )  # fmt: skip
    colour = "black" if unused else style.text
    axes.text(middle, 0, name, color=colour, size=10.5, ha="center", va="center_baseline", zorder=4)


def _arrow(axes: Axes, start: float, end: float) -> None:
    from matplotlib.patches import FancyArrowPatch

    ends = (start, 0), (end, 0)
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=11, shrinkA=0,
                                   shrinkB=0, color=_WIRE, lw=1.4, zorder=2))  # fmt: skip


def _legend(picture: Figure, cell: AsrCell, *, has_unused: bool, top: float, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    used = {cell.nodes[number - 1].op for number in needed_ops(cell.nodes)}
    handles: list[Patch | Line2D] = [
        Patch(fc=style.fill, ec=_WIRE, label=style.long)
        for op, style in STYLES.items()
        if op in used
    ]
    if has_unused:
        handles.append(Patch(fc="white", ec=_WIRE, ls="--", label=_UNUSED))
    if any(node.skips for node in cell.nodes):
        handles.append(Line2D([], [], color=_SKIP, lw=1.3, label="skip"))
    anchor = (0.5, (top - _BOTTOM) / height)
    picture.legend(handles=handles, loc="upper center", bbox_to_anchor=anchor, ncols=2,
                   frameon=False)  # fmt: skip
