"""Notebooks and their pages, made of scripts in the percent format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SCRIPTS = Path(__file__).parents[1] / "notebooks"
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def cells(script: str) -> Iterator[tuple[bool, str]]:
    """Yield whether a cell is Markdown, and its text."""
    _, *parts = CELL.split(script)
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        is_markdown = kind.strip() == "[markdown]"
        yield (
            is_markdown,
            re.sub(r"^# ?", "", text, flags=re.M).strip() if is_markdown else text.strip(),
        )


def notebook(script: str) -> str:
    """Return the notebook of a script. Raises nbformat.ValidationError."""
    found = [
        new_markdown_cell(text, id=f"cell-{i}")
        if is_markdown
        else new_code_cell(text, id=f"cell-{i}")
        for i, (is_markdown, text) in enumerate(cells(script))
    ]
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = new_notebook(cells=found, metadata={"kernelspec": python})
    nbformat.validate(made)
    return f"{nbformat.writes(made)}\n"


def notebook_pages() -> Iterator[tuple[str, str]]:
    """Yield path and text of every notebook and of its page."""
    for file in sorted(SCRIPTS.glob("*.py")):
        script = file.read_text("utf-8")
        yield f"notebooks/{file.stem}.ipynb", notebook(script)
        shown = [
            text if is_markdown else f"```python\n{text}\n```"
            for is_markdown, text in cells(script)
        ]
        link = f"[Download the notebook]({file.stem}.ipynb)"
        yield f"notebooks/{file.stem}.md", "\n\n".join([shown[0], link, *shown[1:]]) + "\n"
