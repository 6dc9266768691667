"""Corpora in folders: one file per part, one sentence per line, words separated by spaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.input_files import is_folder, read_text
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
    return is_folder(folder) and all(part_files(folder, part, _SUFFIXES) for part in PARTS)


def _lines(file: Path) -> Iterator[list[str]]:
    if text := read_text(file):
        for line in text.removesuffix("\n").split("\n"):
            yield line.split()
