"""Safe reader of untrusted zip files, without unpacking to disk."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.core.input_files import open_input

MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 10 * 2**20
MAX_TOTAL_BYTES = 2**30
MAX_RATIO = 100
"""Maximum compression ratio of a large archive: text logs have about 5."""
CHUNK = 2**16
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def zip_members(path: Path) -> Iterator[tuple[str, bytes | None, int]]:
    """Yield name, content and number of members; the content of a damaged member is None.

    Raises BenchmarkError for an incomplete archive, paths outside it, links, encryption, and
    contents beyond the limits.
    """
    with open_input(path, BenchmarkError) as stream, _opened(path, stream) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise BenchmarkError(f"{path} has {len(members):,} members, at most {MAX_MEMBERS:,}")
        for member in members:
            _check_header(path, member)
        packed = path.stat().st_size
        budget = min(MAX_TOTAL_BYTES, max(MAX_MEMBER_BYTES, MAX_RATIO * packed))
        for member in members:
            content, is_whole = _content(path, archive, member, budget)
            budget -= len(content)
            yield member.filename, content if is_whole else None, len(members)


def _opened(path: Path, stream: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BenchmarkError(
            f"{path} is not a whole zip archive ({error}): download it again"
        ) from error


def _check_header(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.anchor or ".." in (*posix.parts, *windows.parts):
        raise BenchmarkError(f"{path}: the member {name[:200]!r} points outside of the archive")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BenchmarkError(f"{path}: the member {name[:200]!r} is a symbolic link")
    if member.flag_bits & 0x1:
        raise BenchmarkError(f"{path}: the member {name[:200]!r} is encrypted: decrypt it first")


def _content(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: int
) -> tuple[bytes, bool]:
    """Return the unpacked bytes, and whether the member is complete."""
    # The sizes in the headers may lie, so what is counted is what comes out.
    content = bytearray()
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                content += chunk
                if len(content) > min(budget, MAX_MEMBER_BYTES):
                    raise BenchmarkError(
                        f"{path}: unpacking {member.filename[:200]!r} exceeds the limits "
                        f"({MAX_MEMBER_BYTES:,} bytes a member, {MAX_TOTAL_BYTES:,} in all, "
                        f"{MAX_RATIO} times the archive): not a release of logs"
                    )
    except _DAMAGED:
        return bytes(content), False
    return bytes(content), True
