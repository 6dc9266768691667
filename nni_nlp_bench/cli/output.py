"""What verbs print: JSON for machines, tables for people, files that appear whole."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    """Strict JSON on stdout: a number that is not finite becomes null."""
    print(json.dumps(_strict(value), indent=2, allow_nan=False))


def print_tables(*tables: Table) -> None:
    """Tables on stdout, as wide as the terminal."""
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)


def plain_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of plain words: nothing in a cell is read as markup, nothing is cut off."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        table.add_column(column, no_wrap=i == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def facts_table(facts: Mapping[str, str]) -> Table:
    """Names and what they stand for, without a header."""
    table = plain_table(None, ("", ""), list(facts.items()))
    table.box, table.show_header = None, False
    return table


@contextmanager
def bar(label: str, in_bytes: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr if that is a terminal; call it with what is done and what is all."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn(label), BarColumn(), count, Remaining())
    console = Console(stderr=True)
    progress = Progress(*columns, console=console, disable=not console.is_terminal)
    task = progress.add_task(label)

    def advance(done: int, total: int | None) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        progress.stop()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside `path` that becomes `path` when the block ends without an error.

    Raises UserError where it cannot be written.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder: --out takes the name of a file")
    try:
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            yield new
            new.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value
