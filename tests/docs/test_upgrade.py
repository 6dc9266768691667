"""The upgrade notes: each old name is gone, and each new one exists."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (.*) \| (.*) \|$", re.MULTILINE)
DOTTED = re.compile(r"`((?:python -m )?(?:nni_nlp_bench|search_spaces)(?:\.\w+)+)`")
ROWS = ROW.findall((ROOT / "docs/how_to/upgrade.md").read_text("utf-8"))
OLD, NEW = (
    [name.removeprefix("python -m ") for row in ROWS for name in DOTTED.findall(row[column])]
    for column in (0, 1)
)


def test_the_tables_name_modules_and_classes() -> None:
    assert len(OLD) > 40
    assert len(NEW) > 40


@pytest.mark.parametrize("name", OLD)
def test_an_old_name_is_gone(name: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        resolve_name(name)


@pytest.mark.parametrize("name", NEW)
def test_a_new_name_exists(name: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("nni")
    resolve_name(name)
