"""Plots, and pictures of architectures, as files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
PLAIN_TEXT = {"text.parse_math": False}
"""Matplotlib settings with which a `$` in a name is a character, and does not begin a formula."""
_logger = logging.getLogger(__name__)


def blank_figure(width: float, height: float) -> Figure:
    """Return a figure of these inches that is unknown to pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_plot(figure: Figure, path: Path) -> None:
    """Write a plot in the format of the suffix; texts are plain. Raises UserError."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    with atomic_write(path) as new:
        figure.savefig(new, dpi=130)


@contextmanager
def warn_on_failure(path: Path) -> Iterator[None]:
    """Context that draws a plot of results on disk: a failure is one warning in the log."""
    try:
        yield
    except Exception as error:  # of whatever kind: a plot must not lose the result of hours
        reason = " ".join(str(error).split()) or type(error).__name__
        _logger.warning("warning: %s is not drawn: %s", path, reason)


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
    text = {"svg.fonttype": "none", "svg.hashsalt": salt, **PLAIN_TEXT}
    with atomic_write(path) as file, mpl.rc_context(text):
        figure().savefig(file, format=kind, dpi=150, metadata=undated)
