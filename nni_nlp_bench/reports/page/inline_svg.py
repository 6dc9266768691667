"""Convert matplotlib figures to inline SVG in the colours of the page, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.reports.regret_curves import COLORS
from search_spaces.plotting import PLAIN_TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, GRID, MUTED = "#1a2b3c", "#2b3c4d", "#3c4d5e"
"""Placeholders for colours of the page; figures must not use them otherwise."""
_VARIABLES = {INK: "--ink", GRID: "--grid", MUTED: "--muted"} | {
    colour: f"--series-{i}" for i, colour in enumerate(COLORS)
}


@contextmanager
def page_style() -> Iterator[None]:
    """Context in which figures use the placeholder colours, and text is not converted to paths."""
    import matplotlib as mpl

    text_keys = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    style: dict[str, Any] = {**dict.fromkeys(text_keys, INK), "grid.color": GRID, "font.size": 11.0}
    svg = {"svg.fonttype": "none", "svg.hashsalt": "nni-nlp-bench"}
    with mpl.rc_context(style | svg | PLAIN_TEXT):
        yield


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Return a figure as an SVG element.

    Args:
        figure: Figure drawn in `page_style`.
        name: Prefix that makes its ids unique in the page.
        description: Text alternative.
    """
    buffer = io.StringIO()
    no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=no_metadata)
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
