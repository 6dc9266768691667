"""Parts are found by name, and a wrong or doubled name is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.base import SPACES, get_space
from search_spaces.errors import UserError
from search_spaces.registry import DuplicateNameError, Registry, UnknownNameError
from search_spaces.rnn_cell.space import RnnCellSpace


@pytest.fixture
def colours() -> Registry[str]:
    registry: Registry[str] = Registry("colour", "a.group.that.nobody.fills")
    registry.register("red", "#f00")
    registry.register("blue", "#00f")
    return registry


def test_parts_are_listed_in_order_and_found(colours: Registry[str]) -> None:
    assert list(colours) == ["blue", "red"]
    assert colours.get("red") == "#f00"
    assert "red" in colours
    assert "green" not in colours


def test_an_unknown_name_lists_the_known_ones(colours: Registry[str]) -> None:
    with pytest.raises(UnknownNameError, match="unknown colour 'green'; known: blue, red"):
        colours.get("green")


def test_an_empty_registry_says_none() -> None:
    with pytest.raises(UnknownNameError, match="known: none"):
        Registry[str]("colour", "a.group.that.nobody.fills").get("green")


def test_a_name_is_taken_once(colours: Registry[str]) -> None:
    with pytest.raises(DuplicateNameError, match="the colour name 'red' is already taken"):
        colours.register("red", "#e00")
    assert colours.get("red") == "#f00"


def test_errors_are_the_users_to_mend() -> None:
    assert issubclass(UnknownNameError, UserError)
    assert issubclass(DuplicateNameError, UserError)


def package(folder: Path, name: str, entries: str) -> None:
    """What pip leaves of an installed package: a module and its entry points."""
    (folder / f"{name}.py").write_text("LOADED = True\nclass Green: ...\n")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[shop.colours]\n{entries}\n")


def test_another_package_adds_a_part_by_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "green_shop", "green = green_shop:Green\nbroken = no_such_module:X")
    monkeypatch.syspath_prepend(tmp_path)
    colours: Registry[type] = Registry("colour", "shop.colours")
    assert list(colours) == ["broken", "green"]  # listing loads nothing
    assert colours.get("green").__module__ == "green_shop"


def test_two_packages_cannot_claim_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "green_shop", "green = green_shop:Green")
    package(tmp_path, "other_shop", "green = other_shop:Green")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DuplicateNameError, match="'green'"):
        list(Registry[type]("colour", "shop.colours"))


def test_the_projects_spaces_are_entry_points() -> None:
    assert "rnn_cell" in SPACES
    assert isinstance(get_space("rnn_cell"), RnnCellSpace)
    with pytest.raises(UnknownNameError, match=r"unknown search space 'rnn'; known: .*rnn_cell"):
        get_space("rnn")
