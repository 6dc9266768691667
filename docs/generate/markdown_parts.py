"""Parts of generated pages: what docstrings say, and tables."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

SECTION = re.compile(r"^(?:Args|Attributes|Returns|Raises|Examples?):\n", re.MULTILINE)
ARGUMENT = re.compile(r"^    \*{0,2}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def description(component: Any) -> str:
    """Return the docstring of a component up to its first section, as Markdown."""
    return SECTION.split(inspect.getdoc(component) or "")[0].strip()


def arguments(component: Any) -> dict[str, str]:
    """Return what a docstring says of arguments, by name."""
    text = inspect.getdoc(component) or ""
    found = re.search(r"^(?:Args|Attributes):\n((?: {4,}.*\n?)*)", text, re.MULTILINE)
    entries = ARGUMENT.findall(found[1]) if found else []
    return {name: " ".join(meaning.split()) for name, meaning in entries}


def first_line(component: Any) -> str:
    """Return the first paragraph of a component's docstring in one line."""
    return " ".join(description(component).partition("\n\n")[0].split())


def module_purpose(component: Any) -> str:
    """Return the docstring of the module that defines a class, which names a method's paper."""
    return " ".join((sys.modules[component.__module__].__doc__ or "").split())


def cell(text: str) -> str:
    """Return text for the cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(columns: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a table; none without rows."""
    lines = [f"| {' | '.join(cell(str(value)) for value in row)} |" for row in rows]
    if lines:
        yield f"| {' | '.join(columns)} |"
        yield "|---" * len(columns) + "|"
        yield from lines
        yield ""
