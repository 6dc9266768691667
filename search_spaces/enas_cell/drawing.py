"""A picture of one cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.language_model import language_model_parameters
from search_spaces.plotting import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe & Ito (2008), made for colour-blind readers.
COLOURS = {"tanh": "#E69F00", "relu": "#D55E00", "sigmoid": "#F0E442", "identity": "#56B4E9"}
_END = "#EEEEEE"  # sources and the output
_WIRE = "#444444"
_WIDTH = 0.62  # of a box, in columns
_HEIGHT = 0.56  # of a box, in rows
_INCHES_A_COLUMN = 1.5
_INCHES_A_ROW = 0.75

Point = tuple[float, float]
"""Column and row: column 0 holds the sources, the first row is on top."""


def draw(cell: Cell, path: Path) -> None:
    """Sources left, output right, every node with its number and activation.

    The title's parameters are those of the release's language model on PTB. Raises UserError as
    `save_picture` does.
    """
    save_picture(lambda: figure(cell), path, cell.canonical_key)


def figure(cell: Cell) -> Figure:
    """Return the picture of the cell's normal form as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    cell = cell.canonical
    places = arrange(cell)
    rows = max(len(cell.ends), 2)
    last = max(column for column, _ in places) + 1
    size = ((last + 1.2) * _INCHES_A_COLUMN, (rows + 1.2) * _INCHES_A_ROW)
    picture = Figure(figsize=size)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-0.6, last + 0.6)
    axes.set_ylim(rows - 0.4, -1.6)
    middle = (rows - 1) / 2
    for name, row in (("x", middle - 0.5), ("h_prev", middle + 0.5)):
        _wire(axes, (0, row), places[0])
        _box(axes, (0, row), name, _END)
    for number, node in enumerate(cell.nodes, start=1):
        if node.predecessor:
            _wire(axes, places[node.predecessor - 1], places[number - 1])
        if number in cell.ends:
            _wire(axes, places[number - 1], (last, middle))
        _box(axes, places[number - 1], f"{number}  {node.activation}", COLOURS[node.activation])
    _box(axes, (last, middle), "mean" if len(cell.ends) > 1 else "h_new", _END)
    axes.text(last / 2, -1.1, _title(cell), ha="center", va="center", size=12)
    return picture


def arrange(cell: Cell) -> list[Point]:
    """The place of every node of a cell in normal form: ends below each other, parents between."""
    rows: dict[int, float] = {number: row for row, number in enumerate(cell.ends)}
    columns = [0]
    for node in cell.nodes:
        columns.append(columns[node.predecessor] + 1)
    for number in range(len(cell.nodes), 0, -1):
        if number not in rows:
            below = [rows[i] for i, n in enumerate(cell.nodes, start=1) if n.predecessor == number]
            rows[number] = (below[0] + below[-1]) / 2
    shift = 0.5 if len(cell.ends) == 1 else 0.0  # beside two sources
    return [(columns[number], rows[number] + shift) for number in range(1, len(cell.nodes) + 1)]


def _title(cell: Cell) -> str:
    millions = f"{language_model_parameters(cell) / 1e6:.1f} M parameters"
    return f"{cell.canonical_key[:8]}   ·   {len(cell.nodes)} nodes   ·   {millions}"


def _wire(axes: Axes, start: Point, end: Point) -> None:
    """From the right side of a box to the left side of another: straight, then bent at its end."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curves

    right, left = start[0] + _WIDTH / 2, end[0] - _WIDTH / 2
    turn = end[0] - 1 + _WIDTH / 2
    bend = (turn + left) / 2
    points = [(right, start[1]), (turn, start[1]), (bend, start[1]), (bend, end[1]), (left, end[1])]
    curves = Curves(points, [Curves.MOVETO, Curves.LINETO, *[Curves.CURVE4] * 3])
    axes.add_patch(PathPatch(curves, fill=False, color=_WIRE, lw=1.3, zorder=1))
    axes.plot(left - 0.03, end[1], marker=">", markersize=5, color=_WIRE, zorder=2)


def _box(axes: Axes, place: Point, label: str, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (place[0] - _WIDTH / 2, place[1] - _HEIGHT / 2)
    shape = "round,pad=0,rounding_size=0.08"
    box = FancyBboxPatch(corner, _WIDTH, _HEIGHT, boxstyle=shape, fc=colour, ec=_WIRE, zorder=3)
    axes.add_patch(box)
    axes.text(*place, label, size=10, ha="center", va="center", zorder=4)
