"""Resumable download of a file with a known checksum, with a lock between processes."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_file, is_folder

if TYPE_CHECKING:
    import httpx
    import numpy as np

Progress = Callable[[int, int | None], None]
"""Called with the downloaded and the total number of bytes; None if the total is unknown."""

ContentId = Callable[[Path], str]
"""Computes the git id of what a file holds."""

# The only 4xx responses worth a retry; 416 means that the partial file is invalid.
_PASSING = {408, 416, 425, 429}
_REMEDY = "give another address (--url) or a local copy (--file)"


class DownloadError(UserError):
    """A file cannot be downloaded, verified or stored; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Timeouts and number of attempts of a download."""

    attempts: int = 5
    """Number of attempts, at least 1."""
    connect_s: float = 10.0
    stall_s: float = 30.0
    """Seconds without data after which an attempt fails."""
    first_wait_s: float = 1.0
    """Seconds between the first two attempts, doubled after every failure."""
    longest_wait_s: float = 30.0
    redirects: int = 5


PATIENCE = Patience()


def git_blob_id(path: Path) -> str:
    """Return the git blob id of a file: 40 hex digits."""
    header = f"blob {path.stat().st_size}\0".encode()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.sha1(header, usedforsecurity=False))
    return digest.hexdigest()


def download(
    url: str,
    target: Path,
    expected: str,
    *,
    content_id: ContentId = git_blob_id,
    rng: np.random.Generator,
    patience: Patience = PATIENCE,
    progress: Progress | None = None,
) -> None:
    """Download `url` to `target` unless it exists. Raises DownloadError.

    Resumes from the partial file `target`.part. `expected` is the git id of the content, and
    `content_id` computes that of a file; `rng` randomizes the waits between attempts. A second
    process waits for the first.
    """

    def holds(path: Path) -> bool:
        return path.is_file() and content_id(path) == expected

    with _locked(target) as part:
        if holds(target):
            return
        resumed = part.exists()
        if not holds(part):
            _fetch(url, part, rng, patience, progress)
            if resumed and not holds(part):
                part.unlink()  # it was the beginning of some other file
                _fetch(url, part, rng, patience, progress)
        _accept(part, target, expected, url, content_id)


def place(file: Path, target: Path, expected: str, *, content_id: ContentId = git_blob_id) -> None:
    """Verify a local file and copy it to `target`. Raises DownloadError."""
    if not is_file(file):
        what = "a folder, not a file" if is_folder(file) else "no such file"
        raise DownloadError(f"{file}: {what}; --file takes the downloaded file itself")
    with _locked(target) as part:
        try:
            found = content_id(file)
        except OSError as error:
            raise DownloadError(f"cannot read {file}: {error.strerror}") from None
        if found != expected:
            raise DownloadError(_wrong(file, found, expected))
        if not (target.is_file() and content_id(target) == expected):
            shutil.copyfile(file, part)
            _accept(part, target, expected, file, content_id)


@contextmanager
def _locked(target: Path) -> Iterator[Path]:
    """Lock the target and yield the partial file to write, unless `target` is complete."""
    from filelock import FileLock

    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(target.name + ".lock")):
            yield part
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = "free some, or set NASBENCHMARK_DIR to a folder on another disk"
            raise DownloadError(f"no space left to write {part}: {where}") from None
        raise DownloadError(f"cannot write {target}: {error.strerror or error}") from None


def _accept(
    part: Path, target: Path, expected: str, source: str | Path, content_id: ContentId
) -> None:
    found = content_id(part)
    if found != expected:
        part.unlink()
        raise DownloadError(_wrong(source, found, expected))
    part.replace(target)


def _wrong(source: str | Path, found: str, expected: str) -> str:
    return f"{source} is not the published file: its git id is {found}, not {expected}; {_REMEDY}"


def _fetch(
    url: str,
    part: Path,
    rng: np.random.Generator,
    patience: Patience,
    progress: Progress | None,
) -> None:
    """Download to `part`, with retries after temporary failures."""
    import httpx

    with httpx.Client(
        timeout=httpx.Timeout(patience.stall_s, connect=patience.connect_s),
        follow_redirects=True,
        max_redirects=patience.redirects,
        headers={"Accept-Encoding": "identity"},
    ) as client:
        for attempt in range(patience.attempts):
            if attempt > 0:
                wait_s = min(patience.first_wait_s * 2 ** (attempt - 1), patience.longest_wait_s)
                time.sleep(wait_s * rng.uniform(0.5, 1.0))
            try:
                return _stream(client, url, part, progress)
            except httpx.HTTPStatusError as error:
                answer = f"{error.response.status_code} {error.response.reason_phrase}".strip()
                failure = f"{url} answered {answer}"
                if error.response.status_code < 500 and error.response.status_code not in _PASSING:
                    break
            except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                failure = f"cannot fetch {url}: {_reason(error)}"
                break
            except httpx.TransportError as error:
                failure = f"{url} failed {attempt + 1} times, the last time by: {_reason(error)}"
    raise DownloadError(f"{failure}; {_REMEDY}")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} ({text})" if text else type(error).__name__


def _stream(client: httpx.Client, url: str, part: Path, progress: Progress | None) -> None:
    """Request the missing bytes; start over if the server ignores Range."""
    import httpx

    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            part.unlink()
        response.raise_for_status()
        first = _first_byte(response)
        if first != have:
            part.unlink(missing_ok=True)
            if first > 0:
                raise httpx.RemoteProtocolError("another range than asked for")
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab") as out:
            for chunk in response.iter_raw():
                out.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(have, total)


def _first_byte(response: httpx.Response) -> int:
    """Return the offset of the response body in the file."""
    if response.status_code != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else 0
