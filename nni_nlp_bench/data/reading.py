"""The lines of a text file, and errors that name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.errors import UserError


class LineError(UserError):
    """A line of a file is not what it should be; the message names the file and the line."""

    def __init__(self, path: Path | str, number: int, fault: str) -> None:
        super().__init__(f"{path}:{number}: {fault}")


def numbered_lines(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[int, str]]:
    """The lines of a text file, counted from 1, without their ends: LF or CR LF.

    Raises UserError where the file cannot be read, holds nothing, or is no text.
    """
    try:
        text = path.read_bytes().decode(encoding)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise LineError(path, number, f"not UTF-8 text ({error.reason}): convert it") from None
    if not text:
        raise UserError(f"{path} is empty: fetch it again")
    # str.splitlines would end lines at rarer characters too, which a sentence may hold.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        if "\0" in line:
            raise LineError(path, number, "holds a NUL byte, so it is no text: fetch it again")
        yield number, line.removesuffix("\r")
