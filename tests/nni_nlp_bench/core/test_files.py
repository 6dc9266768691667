"""Atomic writes, and strict JSON."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write, strict_json, write_csv, write_json


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("former")
    with atomic_write(path) as new:
        new.write_text("half")
        assert path.read_text() == "former"
        new.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_former_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("former")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as new:
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_and_one_that_is_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"), atomic_write(tmp_path):
        pass
    missing = tmp_path / "missing" / "file.txt"
    with pytest.raises(UserError, match=r"cannot write .*file\.txt"), atomic_write(missing):
        pass


def test_numbers_that_are_not_finite_are_null_at_any_depth() -> None:
    value = {"a": [1.5, math.nan, {"b": (math.inf, -math.inf)}], 3: True}
    expected = {"a": [1.5, None, {"b": [None, None]}], "3": True}
    assert json.loads(strict_json(value)) == expected


def test_json_and_csv_are_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "ä", "value": math.nan})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"name": "ä", "value": None}
    write_csv(tmp_path / "a.csv", ("x", "y"), [{"y": 2, "x": 1}, {"x": "a,b", "y": ""}])
    assert (tmp_path / "a.csv").read_bytes() == b'x,y\r\n1,2\r\n"a,b",\r\n'


def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for name in ("pipe", "null"):
        with pytest.raises(UserError, match="device or a pipe"), atomic_write(tmp_path / name):
            pass
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert (tmp_path / "null").is_symlink()
