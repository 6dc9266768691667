"""Reading of files that users name: every failure is a UserError of one line."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from nni_nlp_bench.core.errors import UserError

MAX_TEXT_BYTES = 2**30
_UNUSABLE = (OSError, ValueError, RuntimeError)
"""Raised for paths that are too long, contain NUL, or name the home of an unknown user."""


def is_folder(path: Path) -> bool:
    """Return whether the path is a folder; False for one that cannot be looked at."""
    try:
        return path.is_dir()
    except _UNUSABLE:
        return False


def is_file(path: Path) -> bool:
    """Return whether the path is a regular file; False for one that cannot be looked at."""
    try:
        return path.is_file()
    except _UNUSABLE:
        return False


def exists(path: Path) -> bool:
    """Return whether the path exists; False for one that cannot be looked at."""
    try:
        return path.exists()
    except _UNUSABLE:
        return False


def list_folder(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted. Raises UserError."""
    try:
        return sorted(folder.iterdir())
    except OSError as cause:
        raise UserError(f"cannot read {folder}: {cause.strerror or cause}") from None


def list_tree(folder: Path) -> list[Path]:
    """Return everything below a folder, sorted. Raises UserError."""
    try:
        return sorted(folder.rglob("*"))
    except OSError as cause:
        raise UserError(f"cannot read {folder}: {cause.strerror or cause}") from None


def user_path(text: str) -> Path:
    """Return the path in a text, in which `~` is the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user: then it is a name like any other
        return Path(text)


def open_input(path: Path, error: type[UserError] = UserError) -> BinaryIO:
    """Open a regular file for reading. Raises `error` if that fails.

    Pipes and devices are refused, since they may never end.
    """
    try:
        return os.fdopen(_descriptor(path), "rb")
    except IsADirectoryError:
        raise error(f"{path} is a folder: give a file") from None
    except OSError as cause:
        raise error(f"cannot read {path}: {cause.strerror or cause}") from None


def _descriptor(path: Path) -> int:
    """Open a regular file. Raises OSError."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except ValueError:
        raise OSError(errno.EINVAL, "no path contains such characters") from None
    if not stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    return descriptor


def read_bytes(
    path: Path, max_bytes: int = MAX_TEXT_BYTES, error: type[UserError] = UserError
) -> bytes:
    """Return the content of a file. Raises `error` if it cannot be read or is larger."""
    with open_input(path, error) as stream:
        if os.fstat(stream.fileno()).st_size > max_bytes:
            raise error(f"{path} is too large: at most {max_bytes:,} bytes are read")
        try:
            content = stream.read(max_bytes + 1)
        except OSError as cause:
            raise error(f"cannot read {path}: {cause.strerror or cause}") from None
    if len(content) > max_bytes:
        raise error(f"{path} is too large: at most {max_bytes:,} bytes are read")
    return content


def read_gzip(
    path: Path, max_bytes: int = MAX_TEXT_BYTES, error: type[UserError] = UserError
) -> bytes:
    """Return the decompressed content of a gzip file.

    Raises:
        UserError: `error`, if the file cannot be read, is damaged, or holds more bytes.
    """
    with open_input(path, error) as stream:
        try:
            content = gzip.GzipFile(fileobj=stream).read(max_bytes + 1)
        except (OSError, EOFError, zlib.error) as cause:
            raise error(f"cannot read {path} as gzip: {cause}") from None
    if len(content) > max_bytes:
        raise error(f"{path} is too large: at most {max_bytes:,} decompressed bytes are read")
    return content


def read_text(
    path: Path,
    max_bytes: int = MAX_TEXT_BYTES,
    error: type[UserError] = UserError,
    encoding: str = "utf-8-sig",
) -> str:
    """Return the text of a file, by default UTF-8, without a byte order mark.

    A file whose name ends with `.gz` is decompressed.

    Raises:
        UserError: `error`, if the file cannot be read, is larger, or is not text.
    """
    read = read_gzip if path.suffix.lower() == ".gz" else read_bytes
    content = read(path, max_bytes, error)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as cause:
        number = content.count(b"\n", 0, cause.start) + 1
        raise error(f"{path}:{number}: not UTF-8 text ({cause.reason}): convert it") from None
    if "\0" in text:
        number = text.count("\n", 0, text.index("\0")) + 1
        raise error(f"{path}:{number}: contains a NUL byte, so it is not text")
    return text
