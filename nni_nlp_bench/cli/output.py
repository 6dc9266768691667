"""Output of the commands: JSON, tables and progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import strict_json
from nni_nlp_bench.core.printable import printable

if TYPE_CHECKING:
    from rich.table import Table


def echo(line: object, err: bool = False) -> None:
    """Print one line on stdout or stderr, without characters that control the terminal."""
    # Unlike typer.echo, which writes UTF-8 to a terminal that is ASCII.
    print(printable(str(line)), file=sys.stderr if err else sys.stdout, flush=True)


def print_json(value: Any) -> None:
    """Print strict JSON on stdout: non-finite numbers become null."""
    print(strict_json(value))


def print_tables(*tables: Table) -> None:
    """Print tables on stdout, as wide as the terminal."""
    from nni_nlp_bench.cli.console import LiteralConsole

    console = LiteralConsole()
    for table in tables:
        console.print(table)


def print_plot(path: Path) -> None:
    """Print where a plot is, unless drawing it has failed."""
    if path.exists():
        echo(f"plot    {path}")


def print_model(path: Path) -> None:
    """Print where a trained model is, unless the training has failed."""
    if path.exists():
        echo(f"model   {path}")


def plain_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without truncation, for `print_tables`."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        table.add_column(column, no_wrap=i == 0, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def key_value_table(values: Mapping[str, str]) -> Table:
    """Return a table with one row per key and value, without a header."""
    table = plain_table(None, ("", ""), list(values.items()))
    table.box, table.show_header = None, False
    return table


@contextmanager
def bar(
    label: str, in_bytes: bool = False, percent: bool = False
) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar on stderr if it is a terminal.

    Args:
        label: Text before the bar.
        in_bytes: Whether progress is in bytes.
        percent: Whether to show a percentage instead of counts.

    Yields:
        Function to call with the completed and the total amount.
    """
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TaskProgressColumn as Percent
    from rich.progress import TimeRemainingColumn as Remaining

    from nni_nlp_bench.cli.console import LiteralConsole

    count = DownloadColumn() if in_bytes else Percent() if percent else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), count, Remaining())
    console = LiteralConsole(stderr=True)
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
def step_reporter(delay_s: float = 2.0) -> Iterator[Callable[[str], None]]:
    """Print the current step of a command on stderr.

    On a terminal every step is printed immediately, otherwise only steps that take longer than
    `delay_s`.

    Args:
        delay_s: Seconds after which a step is printed if stderr is not a terminal.

    Yields:
        Function to call with each step, such as `waiting for the tuner`.
    """
    timer: Timer | None = None

    def report(step: str) -> None:
        nonlocal timer
        if timer is not None:
            timer.cancel()
        line = f"{step} ..."
        if sys.stderr.isatty():
            echo(line, err=True)
        else:
            timer = Timer(delay_s, lambda: echo(line, err=True))
            timer.daemon = True
            timer.start()

    try:
        yield report
    finally:
        if timer is not None:
            timer.cancel()
