"""Numbered lines, and files that are not text."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.reading import LineError, numbered_lines


def test_ends_of_lines_and_a_byte_order_mark_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\n\ntw\xe2\x80\xa8o\n")
    assert list(numbered_lines(file)) == [(1, "one"), (2, ""), (3, "tw\u2028o")]
    file.write_bytes(b"caf\xe9")
    assert list(numbered_lines(file, "latin-1")) == [(1, "café")]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"one\ntwo\nca\xff\n", ":3: not UTF-8 text"),
        (b"\xff\xfea\0", ":1: not UTF-8 text"),
        (b"one\nt\0wo\n", ":2: contains a NUL byte"),
        (b"", " is empty: download it again"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        list(numbered_lines(file))
    assert str(caught.value).startswith(f"{file}{fault}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*absent\.txt: No such file"):
        list(numbered_lines(tmp_path / "absent.txt"))
    assert issubclass(LineError, UserError)
