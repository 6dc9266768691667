"""Pictures of architectures as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")


def blank_figure(width: float, height: float) -> Figure:
    """Return a figure of these inches that is unknown to pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_picture(figure: Callable[[], Figure], path: Path, salt: str) -> None:
    """Write a figure; the suffix of `path` is the format. Equal salts and figures, equal files.

    Raises UserError for a suffix other than png, svg, pdf, and where the file cannot be written.
    """
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise UserError(
            f"cannot draw {str(path)!r}: the suffix must be one of {', '.join(FORMATS)}"
        )
    # No date and no random ids. Text stays text in an SVG.
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    text = {"svg.fonttype": "none", "svg.hashsalt": salt}
    with atomic_write(path) as file, mpl.rc_context(text):
        figure().savefig(file, format=kind, dpi=150, metadata=undated)
