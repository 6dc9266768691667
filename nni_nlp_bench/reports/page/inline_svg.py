"""Matplotlib figures as SVG inside a page, in the colours of the page, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from nni_nlp_bench.reports.regret_curves import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, GRID, MUTED = "#1a2b3c", "#2b3c4d", "#3c4d5e"
"""Stand for colours that the page decides: no other part of a figure has them."""
_VARIABLES = {INK: "--ink", GRID: "--grid", MUTED: "--muted"} | {
    colour: f"--series-{i}" for i, colour in enumerate(COLOURS)
}


@contextmanager
def page_style() -> Iterator[None]:
    """Figures drawn inside take the colours of the page; text stays text."""
    import matplotlib as mpl

    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    style = {"svg.fonttype": "none", "svg.hashsalt": "nni-nlp-bench", "grid.color": GRID}
    with mpl.rc_context(style | dict.fromkeys(inked, INK) | {"font.size": 11.0}):
        yield


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an element of HTML; `name` tells it apart from the others of the page."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = re.sub(colour, f"var({variable})", svg, flags=re.IGNORECASE)
    size = re.search(r'viewBox="[^"]*"', svg)
    assert size is not None
    opening = (
        f'<svg {size.group()} role="img" aria-label="{escape(description)}" '
        'preserveAspectRatio="xMidYMid meet">'
    )
    return opening + svg[svg.index(">") + 1 :]
