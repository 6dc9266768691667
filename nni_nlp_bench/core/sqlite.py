"""Reading of SQLite files that users give."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import open_input

MAX_VALUE_BYTES = 2**24
MAX_ROWS = 5_000_000


def connect_read_only(
    path: Path, error: type[UserError] = UserError, wait_s: float = 5.0
) -> sqlite3.Connection:
    """Connect to a database without changing it.

    Values above `MAX_VALUE_BYTES`, which a small file can generate, raise sqlite3.DataError.

    Args:
        path: The file.
        error: Raised if it cannot be opened.
        wait_s: Seconds to wait for another process that writes.

    Raises:
        sqlite3.Error: It is not a database.
    """
    open_input(path, error).close()
    uri = f"{path.resolve().as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True, timeout=wait_s)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    return database


def limited(rows: sqlite3.Cursor) -> Iterator[Any]:
    """Iterate over rows. Raises sqlite3.DataError if there are more than `MAX_ROWS`."""
    for count, row in enumerate(rows):
        if count == MAX_ROWS:
            raise sqlite3.DataError(f"it has more than {MAX_ROWS:,} rows")
        yield row
