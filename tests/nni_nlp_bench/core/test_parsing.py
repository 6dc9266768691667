"""JSON, numbers, durations and SQLite files of users are parsed strictly."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nni_nlp_bench.core import sqlite
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.numbers import parse_duration, parse_number
from nni_nlp_bench.core.parse_json import parse_json, read_json


def test_json_is_parsed() -> None:
    found = parse_json(b'\xef\xbb\xbf{"a": [1, -2.5e3, null, true]}')
    assert found == {"a": [1, -2500, None, True]}
    assert parse_json("-999999999999999999") == -(10**18 - 1)
    nan, infinity = parse_json("[NaN, 1e400]", allow_nan=True)
    assert math.isnan(nan) and infinity == math.inf


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' is given twice"),
        ("NaN", "NaN is not a finite number"),
        ("[-Infinity]", "-Infinity is not a finite number"),
        ("1e400", "1e400 is not a finite number"),
        ("1" * 19, "has more than 18 digits"),
        ("9" * 5_000, "has more than 18 digits"),
        (b"\xff", "not UTF-8 text"),
        ("", "Expecting value"),
    ],
)
def test_other_json_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_json(text)
    assert len(str(caught.value).splitlines()) == 1


def test_a_json_file_is_refused_with_its_name_and_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{", "utf-8")
    with pytest.raises(UserError, match=r"x\.json is not valid JSON \(Expecting .*\): try again"):
        read_json(file, remedy="try again")


@pytest.mark.parametrize("text", ["4.5", " -3 ", "+.5", "1e-3", "7.", "1E5"])
def test_numbers_are_parsed(text: str) -> None:
    assert parse_number(text) == float(text)


def test_nan_and_infinity_are_numbers() -> None:
    assert math.isnan(parse_number("NaN"))
    assert parse_number("-inf") == -math.inf


@pytest.mark.parametrize(
    "text", ["", "x", "1_000", "0x10", "1,5", "\uff11", "1e400", "9" * 400, "--1", "1e", "."]
)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number|is too large"):
        parse_number(text)


def test_a_large_value_that_a_small_database_generates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE t (x, y GENERATED ALWAYS AS (zeroblob(500000000)))")
        database.execute("INSERT INTO t VALUES (1)")
    assert file.stat().st_size < 20_000
    with closing(sqlite.connect_read_only(file)) as database:
        with pytest.raises(sqlite3.DataError, match="too big"):
            database.execute("SELECT y FROM t").fetchall()
        assert database.execute("SELECT x FROM t").fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            database.execute("INSERT INTO t VALUES (2)")


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MAX_ROWS", 3)
    with closing(sqlite3.connect(":memory:")) as database:
        rows = database.execute("VALUES (1), (2), (3), (4)")
        with pytest.raises(sqlite3.DataError, match="more than 3 rows"):
            list(sqlite.limited(rows))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), (" 2 h ", 7200)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-3m", "1d", "ten", "1m30s", "nan", "1e3"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="30m"):
        parse_duration(text)
