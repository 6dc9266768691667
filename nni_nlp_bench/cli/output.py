"""What verbs print: JSON for machines, tables and progress for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import strict_json

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    """Strict JSON on stdout: a number that is not finite becomes null."""
    print(strict_json(value))


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
def bar(
    label: str, in_bytes: bool = False, percent: bool = False
) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr if that is a terminal; call it with what is done and what is all."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TaskProgressColumn as Percent
    from rich.progress import TimeRemainingColumn as Remaining

    count = DownloadColumn() if in_bytes else Percent() if percent else MofNCompleteColumn()
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
