"""Lookup of the files of a data set's parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_folder, list_folder

_VALIDATION = ("valid", "val", "validation", "dev")
_WORDS = {"train": ("train",), "valid": _VALIDATION, "dev": _VALIDATION, "test": ("test",)}


def part_file(folder: Path, part: str, suffixes: Sequence[str]) -> Path:
    """Return the file of `train`, `valid` (or `dev`) or `test`.

    Raises UserError: the folder is none, or its file is missing or there twice.
    """
    if not is_folder(folder):
        raise UserError(f"{folder} is not a folder")
    files = part_files(folder, part, suffixes)
    if not files:
        raise UserError(f"{folder} has no file for the part {part!r}, such as {part}{suffixes[0]}")
    if len(files) > 1:
        names = " and ".join(file.name for file in files)
        raise UserError(f"{folder} has more than one file for the part {part!r}: {names}")
    return files[0]


def part_files(folder: Path, part: str, suffixes: Sequence[str]) -> list[Path]:
    """Return the files whose name is, or ends with, a name of the part, before the suffix."""
    return sorted(
        file
        for file in list_folder(folder)
        for suffix in suffixes
        if file.name.endswith(suffix)
        and file.name.removesuffix(suffix).lower().rpartition(".")[2] in _WORDS[part]
    )
