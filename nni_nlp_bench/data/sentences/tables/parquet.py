"""Tables in Parquet, by pyarrow (extra `vectors`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.core.input_files import MAX_TEXT_BYTES, open_input
from nni_nlp_bench.data.sentences.tables.base import Record, Table

MAX_ROWS = 20_000_000
_BATCH_ROWS = 1024


def parquet_table(file: Path) -> Table:
    """Open a Parquet file, of which only the wanted columns are read.

    Raises UserError; it names the extra where pyarrow is not installed.
    """
    with _opened(file) as parquet:
        columns = tuple(parquet.schema_arrow.names)
        if parquet.metadata.num_rows > MAX_ROWS:
            raise UserError(f"{file} is too large: at most {MAX_ROWS:,} rows are read")

    def read(places: Sequence[int]) -> Iterator[Record]:
        names = [columns[place] for place in places]
        with _opened(file) as parquet:
            yield from enumerate(_values(file, parquet, names), start=1)

    return Table(file, str(file), columns, read)


def _values(file: Path, parquet: Any, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    left = MAX_TEXT_BYTES
    for batch in parquet.iter_batches(_BATCH_ROWS, columns=names):
        # The sizes in the metadata are not used: pyarrow aborts if those of a column are damaged.
        left -= batch.nbytes
        if left < 0:
            raise UserError(f"{file} is too large: at most {MAX_TEXT_BYTES:,} bytes are read")
        # By name: a batch has the columns in the order of the file.
        yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a Parquet file. Raises UserError if it, or what is read of it, is damaged."""
    with optional_imports():
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    with open_input(file) as stream:
        try:
            yield ParquetFile(stream)
        except (ArrowException, OSError, ValueError, KeyError) as error:
            fault = " ".join(str(error).split())[:200]
            raise UserError(f"cannot read {file} as Parquet: {fault}") from None
