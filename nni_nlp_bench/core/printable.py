"""Text without characters that control a terminal."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""Return the text with escapes as in `repr()` for characters that are not printable.

    Names in files may contain characters that a terminal obeys, or cannot encode.

    Args:
        text: Any text.
        keep: Characters to keep nevertheless, such as a line feed.

    Example:
        >>> printable("red \x1b[31m")
        'red \\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
