"""Corpora in folders: one file per part, one sentence per line, words separated by spaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import PARTS, Corpus
from nni_nlp_bench.data.part_files import part_file, part_files

_SUFFIXES = (".txt", ".tokens")


def read_folder(folder: Path, name: str | None = None) -> Corpus:
    """Read a corpus from `train.txt`, `valid.txt`, `test.txt`.

    Names such as `ptb.train.txt` and `wiki.test.tokens` work, too. Raises UserError if a part is
    missing, empty, duplicated or not UTF-8.
    """
    files = {part: part_file(folder, part, _SUFFIXES) for part in PARTS}
    return Corpus.of(name or folder.name, {part: _lines(files[part]) for part in PARTS})


def has_parts(folder: Path) -> bool:
    """Return whether the folder has a file for each part."""
    return folder.is_dir() and all(part_files(folder, part, _SUFFIXES) for part in PARTS)


def _lines(file: Path) -> Iterator[list[str]]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield line.decode("utf-8").split()
            except UnicodeDecodeError:
                raise UserError(f"{file}, line {number}: not UTF-8 text") from None
