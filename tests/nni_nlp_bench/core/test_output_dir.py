"""Output folders take one kind of settings, and name what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.output_dir import locked_output_dir

SETTINGS: dict[str, Any] = {"seed": 1, "budget": {"trials": 3, "hours": None}, "data": None}


def opened(out: Path, settings: dict[str, Any] = SETTINGS) -> None:
    with locked_output_dir(out, settings, "a search"):
        (out / "result").touch()


def test_the_same_settings_are_resumed(tmp_path: Path) -> None:
    opened(tmp_path)
    opened(tmp_path)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"seed": 2}, "seed"),
        ({"budget": {"trials": 4, "hours": None}, "seed": 2}, "seed, budget.trials"),
        ({"data": "0123"}, "data"),
        ({"new": None}, "new"),
    ],
)
def test_settings_that_differ_are_named(
    tmp_path: Path, changes: dict[str, Any], names: str
) -> None:
    opened(tmp_path)
    with pytest.raises(UserError) as error:
        opened(tmp_path, SETTINGS | changes)
    assert str(error.value) == (
        f"{tmp_path} holds a search with other options ({names}); choose another --out"
    )


def test_an_error_that_is_kept_does_not_keep_the_folder_locked(tmp_path: Path) -> None:
    """Its traceback refers to the lock."""
    opened(tmp_path)
    with pytest.raises(UserError) as error:
        opened(tmp_path, SETTINGS | {"seed": 2})
    opened(tmp_path)
    assert error.value.__traceback__


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0" * 10, b"[1]", b"", b"[" * 100_000])
def test_damaged_settings_are_one_error(tmp_path: Path, content: bytes) -> None:
    opened(tmp_path)
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(UserError, match=r"settings\.json is damaged: choose another --out"):
        opened(tmp_path)
    assert (tmp_path / "settings.json").read_bytes() == content


def test_a_folder_named_settings_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(UserError, match=r"cannot read .*settings\.json: Is a directory"):
        opened(tmp_path)
