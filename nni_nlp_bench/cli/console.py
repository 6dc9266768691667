"""Console of rich that prints names from files literally."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from nni_nlp_bench.core.printable import printable


class LiteralConsole(Console):
    """Console without markup, whose text cannot control the terminal.

    Args:
        stderr: Whether to print on stderr instead of stdout.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of a renderable, with escapes in place of control characters."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text, keep="\n"), style, control)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text without control characters, so that its width is known."""
        return super().render_str(printable(text, keep="\n"), **options)
