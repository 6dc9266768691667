"""Files that users name are read, or refused in one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import (
    exists,
    is_file,
    is_folder,
    open_input,
    read_bytes,
    read_text,
    user_path,
)

UNUSABLE = ("x" * 300, "\u00e9" * 150, "a\0b", "\udcff", "y/" * 5000)


def error_of(read: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        read()
    (line,) = str(caught.value).splitlines()
    return line


def test_text_is_read_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9\r\n")
    assert read_text(file) == "caf\u00e9\r\n"
    assert read_bytes(file, max_bytes=10) == file.read_bytes()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    assert error_of(lambda: read_text(tmp_path)) == f"{tmp_path} is a folder: give a file"
    assert "a pipe or a device" in error_of(lambda: read_text(tmp_path / "pipe"))
    assert "a pipe or a device" in error_of(lambda: read_bytes(Path("/dev/zero")))
    assert error_of(lambda: open_input(tmp_path / "loop")).startswith("cannot read ")
    missing = tmp_path / "missing"
    assert error_of(lambda: open_input(missing)) == (
        f"cannot read {missing}: No such file or directory"
    )


@pytest.mark.parametrize("name", UNUSABLE, ids=range(len(UNUSABLE)))
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    path = Path(name)
    assert not (exists(path) or is_file(path) or is_folder(path))
    assert error_of(lambda: read_text(path)).startswith("cannot read ")


def test_the_home_of_an_unknown_user_is_a_name_like_any_other() -> None:
    assert user_path("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"a\nb\xff", ":2: not UTF-8 text"), (b"a\n\nb\0", ":3: contains a NUL byte")],
)
def test_what_is_no_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert error_of(lambda: read_text(file)).startswith(f"{file}{reason}")


def test_the_size_is_checked_before_reading(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.touch()
    os.truncate(file, 2**40)  # sparse
    assert error_of(lambda: read_bytes(file)) == (
        f"{file} is too large: at most 1,073,741,824 bytes are read"
    )
