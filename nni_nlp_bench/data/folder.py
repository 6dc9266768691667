"""A corpus in a folder: one text file a part, one sentence a line, words apart by spaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.data.corpus import PARTS, Corpus
from search_spaces.errors import UserError

_WORDS = {
    "train": ("train",),
    "valid": ("valid", "val", "validation", "dev"),
    "test": ("test",),
}
_SUFFIXES = (".txt", ".tokens")


def read_folder(folder: Path, name: str | None = None) -> Corpus:
    """The corpus of `train.txt`, `valid.txt`, `test.txt`; also `ptb.train.txt`, `wiki.test.tokens`.

    Raises UserError: a part is missing, empty, there twice, or no UTF-8.
    """
    files = {part: _file_of(folder, part) for part in PARTS}
    return Corpus.of(name or folder.name, {part: _lines(files[part]) for part in PARTS})


def has_parts(folder: Path) -> bool:
    """Whether the folder is there, with a file of each part."""
    return folder.is_dir() and all(_files_of(folder, part) for part in PARTS)


def _file_of(folder: Path, part: str) -> Path:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    files = _files_of(folder, part)
    if not files:
        raise UserError(f"{folder} has no file of the part {part!r}, such as {part}.txt")
    if len(files) > 1:
        names = " and ".join(file.name for file in files)
        raise UserError(f"{folder} has more than one file of the part {part!r}: {names}")
    return files[0]


def _files_of(folder: Path, part: str) -> list[Path]:
    """The files whose name is, or ends with, a word for the part."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix in _SUFFIXES and file.stem.lower().rpartition(".")[2] in _WORDS[part]
    )


def _lines(file: Path) -> Iterator[list[str]]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield line.decode("utf-8").split()
            except UnicodeDecodeError:
                raise UserError(f"{file}, line {number}: not UTF-8 text") from None
