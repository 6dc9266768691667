"""Interface of tables, whatever their format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

Record = tuple[int, Sequence[object] | None]
"""Number of a row, from 1, and its values; None for a blank line."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, whose rows are read when they are asked for."""

    source: Path | str
    header: str
    """File and line of the names of the columns, for messages."""
    columns: tuple[str, ...]
    read: Callable[[Sequence[int]], Iterator[Record]]
    """Returns the rows with the values of the columns of these indices. Raises UserError."""

    def head(self, count: int) -> list[Sequence[object]]:
        """Return the first rows that are not blank, with all values. Raises UserError."""
        records = self.read(range(len(self.columns)))
        return list(islice((values for _, values in records if values is not None), count))
