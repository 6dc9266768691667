"""A picture of one cell."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search_spaces.plotting import save_picture
from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.language_model import language_model_parameters
from search_spaces.rnn_cell.layout import Layout, arrange

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Style(NamedTuple):
    """Style of an operation: the name in its node, colours, the name in the legend."""

    short: str
    fill: str
    text: str
    long: str


# The palette of Okabe & Ito (2008), made for colour-blind readers.
STYLES = {
    "linear": Style("linear", "#0072B2", "white", "linear"),
    "activation_tanh": Style("tanh", "#E69F00", "black", "tanh"),
    "activation_sigm": Style("sigm", "#F0E442", "black", "sigmoid"),
    "activation_leaky_relu": Style("lrelu", "#D55E00", "white", "leaky ReLU"),
    "elementwise_sum": Style("sum", "#009E73", "white", "sum"),
    "elementwise_prod": Style("prod", "#CC79A7", "black", "product"),
    "blend": Style("blend", "#56B4E9", "black", "blend: ab + (1 − a)c"),  # noqa: RUF001
}
_END = Style("", "#EEEEEE", "black", "")  # sources and results
_WIRE = "#444444"

# Lengths in units of the layout: nodes of a column are at least one unit apart.
_INCHES_A_UNIT = 0.6
_COLUMN = 2.1
_NODE_WIDTH = 1.35
_NODE_HEIGHT = 0.66
_PORT_DISTANCE = 0.2
_MIN_WIDTH = 9.0
_TITLE_HEIGHT = 0.9
_LEGEND_ENTRY_WIDTH = 2.4
_LEGEND_ROW_HEIGHT = 0.45
_FONT_POINTS = 10.5
_PORT_FONT_POINTS = 7.5


def draw(recipe: Recipe, path: Path) -> None:
    """Sources left, results right, operations coloured; the suffix of `path` is the format.

    The title's parameters are those of the benchmark's language model on PTB. Raises UserError for
    a suffix other than png, svg, pdf, and where the file cannot be written.
    """
    save_picture(lambda: figure(recipe), path, recipe.canonical_key)


def figure(recipe: Recipe) -> Figure:
    """Return the picture as a matplotlib figure, unknown to pyplot."""
    from matplotlib.figure import Figure

    layout = arrange(recipe)
    width = max(layout.last * _COLUMN + 1.5 * _NODE_WIDTH, _MIN_WIDTH)
    middle = layout.last * _COLUMN / 2
    operations = [op for op in STYLES if any(node.op == op for node in recipe.nodes)]
    legend_columns = min(len(operations), int(width / _LEGEND_ENTRY_WIDTH))
    legend_height = (ceil(len(operations) / legend_columns) + 1) * _LEGEND_ROW_HEIGHT
    top = min(layout.height.values()) - 0.5 - _TITLE_HEIGHT
    bottom = max(layout.height.values()) + 0.5 + legend_height
    height = bottom - top
    picture = Figure(figsize=(width * _INCHES_A_UNIT, height * _INCHES_A_UNIT))
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(middle - width / 2, middle + width / 2)
    axes.set_ylim(bottom, top)
    _draw_wires(axes, recipe, layout)
    _draw_nodes(axes, recipe, layout)
    axes.text(middle, top + _TITLE_HEIGHT / 2, _title(recipe), ha="center", va="center", size=12)
    _draw_legend(picture, operations, legend_columns)
    return picture


def _title(recipe: Recipe) -> str:
    nodes = f"{len(recipe.nodes)} nodes"
    millions = f"{language_model_parameters(recipe) / 1e6:.1f} M parameters"
    return f"{recipe.canonical_key[:8]}   ·   {nodes}   ·   {millions}"


def _draw_wires(axes: Axes, recipe: Recipe, layout: Layout) -> None:
    """Draw all edges of one value together, with a white outline over those below."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curves

    for name in layout.column:
        points, codes = [], []
        for start, end, passes in _wires_of(name, recipe, layout):
            bend = (start[0] + end[0]) / 2
            points += [start, (bend, start[1]), (bend, end[1]), end]
            codes += [Curves.MOVETO, *[Curves.CURVE4] * 3]
            if passes:
                points.append((end[0] + _NODE_WIDTH, end[1]))
                codes.append(Curves.LINETO)
            else:
                axes.plot(end[0] - 0.06, end[1], marker=">", markersize=5, color=_WIRE, zorder=2)
        for colour, points_wide in (("white", 4.5), (_WIRE, 1.3)):
            curves = Curves(points, codes)
            axes.add_patch(PathPatch(curves, fill=False, color=colour, lw=points_wide, zorder=1))


Point = tuple[float, float]


def _wires_of(name: str, recipe: Recipe, layout: Layout) -> list[tuple[Point, Point, bool]]:
    """Start and end between two columns, and whether the edge passes the second one."""
    places = sorted(place for other, place in layout.height if other == name)
    edges = []
    for a, b in pairwise(places):
        start, end = (_right(a), layout.height[name, a]), (_left(b), layout.height[name, b])
        edges.append((start, end, b < layout.last))
    for node in recipe.nodes:
        if name in node.inputs:
            own = layout.column[node.name]
            start = (_right(own - 1), layout.height[name, own - 1])
            for slot, height in enumerate(_ports(node.name, node.inputs, layout)):
                if node.inputs[slot] == name:
                    edges.append((start, (_left(own), height), False))
    return edges


def _ports(name: str, inputs: tuple[str, ...], layout: Layout) -> list[float]:
    """Height at which each input enters its node: from top to bottom as the edges come."""
    own = layout.column[name]
    slots = sorted(range(len(inputs)), key=lambda slot: layout.height[inputs[slot], own - 1])
    distance = min(_PORT_DISTANCE, _NODE_HEIGHT / len(inputs))
    first = layout.height[name, own] - distance * (len(inputs) - 1) / 2
    return [first + distance * slots.index(slot) for slot in range(len(inputs))]


def _draw_nodes(axes: Axes, recipe: Recipe, layout: Layout) -> None:
    for name in recipe.sources:
        _draw_box(axes, 0, layout.height[name, 0], name, _END)
    for i in range(recipe.hidden_states):
        name = f"h_new_{i}"
        _draw_box(axes, layout.last, layout.height[name, layout.last], name, _END)
    for node in recipe.nodes:
        style = STYLES[node.op]
        own = layout.column[node.name]
        _draw_box(axes, own, layout.height[node.name, own], style.short, style)
        if node.op == "blend":  # the one operation whose inputs have an order
            for letter, height in zip("abc", _ports(node.name, node.inputs, layout), strict=True):
                at = _left(own) + 0.09
                axes.text(
                    at, height, letter, size=_PORT_FONT_POINTS, ha="center", va="center", zorder=4
                )


def _draw_box(axes: Axes, column: int, height: float, label: str, style: Style) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (_left(column), height - _NODE_HEIGHT / 2)
    rounding = 0.33 if style is _END else 0.12
    shape = f"round,pad=0,rounding_size={rounding}"
    box = FancyBboxPatch(
        corner, _NODE_WIDTH, _NODE_HEIGHT, boxstyle=shape, fc=style.fill, ec=_WIRE, zorder=3
    )
    axes.add_patch(box)
    at = column * _COLUMN, height
    text = axes.text(*at, label, color=style.text, size=_FONT_POINTS, ha="center", zorder=4)
    text.set_verticalalignment("center_baseline")


def _draw_legend(picture: Figure, operations: list[str], columns: int) -> None:
    from matplotlib.patches import Patch

    styles = [STYLES[op] for op in operations]
    patches = [Patch(fc=style.fill, ec=_WIRE, label=style.long) for style in styles]
    picture.legend(handles=patches, loc="lower center", ncols=columns, frameon=False)


def _left(column: int) -> float:
    return column * _COLUMN - _NODE_WIDTH / 2


def _right(column: int) -> float:
    return column * _COLUMN + _NODE_WIDTH / 2
