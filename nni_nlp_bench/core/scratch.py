"""Temporary folders beside output files; those of killed processes are removed later."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".unfinished-"


@contextmanager
def scratch_folder(parent: Path, name: str = "") -> Iterator[Path]:
    """Context of a temporary folder, locked while this process lives. Raises OSError.

    Args:
        parent: Folder to create it in.
        name: Part of its name; `remove_stale` with the same name finds it.
    """
    folder, descriptor = _locked_folder(parent, _prefix(name))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_stale(parent: Path, name: str = "") -> None:
    """Remove the scratch folders of this name whose processes were killed. Raises OSError."""
    ours = re.compile(re.escape(_prefix(name)) + "[a-z0-9_]{8}")
    with os.scandir(parent) as entries:
        found = [Path(entry.path) for entry in entries if ours.fullmatch(entry.name)]
    for folder in found:
        with suppress(OSError):  # locked, of another user, or without support of locks
            _remove_unlocked(folder)


def _prefix(name: str) -> str:
    return f"{_PREFIX}{name}-" if name else _PREFIX


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):
            descriptor = _open(folder)
            with suppress(OSError):  # without support of locks nobody removes it either
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)
        # Another process removed it before it was locked.


def _remove_unlocked(folder: Path) -> None:
    descriptor = _open(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
