"""Safe reader of untrusted tar files (also .gz, .bz2, .xz), without unpacking to disk."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.zip_members import (
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
)
from nni_nlp_bench.core.input_files import open_input

_DAMAGED = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def tar_members(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files whose names have a suffix.

    Raises BenchmarkError for a damaged archive, paths outside it, links instead of such files, and
    contents beyond the limits.
    """
    with open_input(path, BenchmarkError) as stream, _opened(path, stream) as archive:
        left = MAX_TOTAL_BYTES
        for count, member in enumerate(archive):
            # What is skipped is unpacked too.
            left -= max(member.size, 0)
            if count >= MAX_MEMBERS or left < 0:
                raise BenchmarkError(
                    f"{path} is too large: at most {MAX_MEMBERS:,} members and "
                    f"{MAX_TOTAL_BYTES:,} bytes are read"
                )
            if member.name.endswith(suffix) and not member.isdir():
                yield member.name, _content(path, archive, member)


@contextmanager
def _opened(path: Path, stream: BinaryIO) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            yield archive
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise BenchmarkError(
            f"{path} is not a whole tar archive ({reason}): download it again"
        ) from None


def _content(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    name = PurePosixPath(member.name)
    shown = member.name[:200]
    if name.is_absolute() or ".." in name.parts or "\\" in member.name:
        raise BenchmarkError(f"{path}: the member {shown!r} points outside of the archive")
    if not member.isreg() or member.issparse():
        raise BenchmarkError(f"{path}: the member {shown!r} is a link or no plain file")
    if member.size > MAX_MEMBER_BYTES:
        raise BenchmarkError(
            f"{path}: the member {shown!r} has more than {MAX_MEMBER_BYTES:,} bytes"
        )
    stream = archive.extractfile(member)
    content = stream.read() if stream else b""
    if len(content) != member.size:
        raise EOFError(f"the member {shown!r} is incomplete")
    return content
