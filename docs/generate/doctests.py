"""Extension of griffe: examples in docstrings are shown as code, not as quotations."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n(?! *$).*)*", re.MULTILINE)
"""A prompt, and everything below it up to a blank line."""


class Doctests(Extension):
    """Put fences around the examples of every docstring."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(fenced, obj.docstring.value)


def fenced(match: re.Match[str]) -> str:
    """Return an example as a fenced block."""
    indent = match[1]
    return f"{indent}```pycon\n{match[0]}\n{indent}```"
