"""A corpus in a folder: one text file a part, one sentence a line, words apart by spaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import PARTS, Corpus
from nni_nlp_bench.data.part_files import part_file, part_files

_SUFFIXES = (".txt", ".tokens")


def read_folder(folder: Path, name: str | None = None) -> Corpus:
    """The corpus of `train.txt`, `valid.txt`, `test.txt`; also `ptb.train.txt`, `wiki.test.tokens`.

    Raises UserError: a part is missing, empty, there twice, or no UTF-8.
    """
    files = {part: part_file(folder, part, _SUFFIXES) for part in PARTS}
    return Corpus.of(name or folder.name, {part: _lines(files[part]) for part in PARTS})


def has_parts(folder: Path) -> bool:
    """Whether the folder is there, with a file of each part."""
    return folder.is_dir() and all(part_files(folder, part, _SUFFIXES) for part in PARTS)


def _lines(file: Path) -> Iterator[list[str]]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield line.decode("utf-8").split()
            except UnicodeDecodeError:
                raise UserError(f"{file}, line {number}: not UTF-8 text") from None
