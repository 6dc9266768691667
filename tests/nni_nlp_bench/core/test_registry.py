"""Components are found by name; wrong and duplicate names are errors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import (
    DuplicateNameError,
    PluginError,
    PluginWarning,
    Registry,
    UnknownNameError,
)
from search_spaces.registry import SPACES, get_space
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


def shop() -> Registry[type]:
    """A registry with one built-in component."""
    return Registry("colour", "shop.colours", {"path": "pathlib:Path"})


def test_a_builtin_component_is_imported_when_asked_for() -> None:
    assert shop().get("path") is Path
    assert list(shop()) == ["path"]


def test_another_package_adds_a_component_by_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "green_shop", "green = green_shop:Green")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(shop()) == ["green", "path"]
    assert "green_shop" not in sys.modules, "listing names imports nothing"
    assert shop().get("green").__module__ == "green_shop"


def test_a_broken_plugin_is_skipped_with_a_warning_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "green_shop", "broken = no_such_module:X")
    monkeypatch.syspath_prepend(tmp_path)
    assert shop().get("path") is Path, "others are not affected"
    with pytest.raises(PluginError, match=r"package 'green_shop' .*'no_such_module:X'"):
        shop().get("broken")
    with pytest.warns(PluginWarning, match="colour 'broken' of package 'green_shop'") as caught:
        assert dict(shop().items()) == {"path": Path}
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("ends = ends:X", r"cannot be imported: SystemExit: 3"),
        ("other = json:loads", r"'other' of package 'green_shop' .* is not a colour: .* no 'hue'"),
    ],
)
def test_a_plugin_that_ends_the_process_or_is_something_else_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, reason: str
) -> None:
    package(tmp_path, "green_shop", entry)
    (tmp_path / "ends.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    colours: Registry[object] = Registry("colour", "shop.colours", requires=("hue",))
    with pytest.raises(PluginError, match=reason):
        colours.get(entry.partition(" ")[0])


@pytest.mark.parametrize("name", ["green", "path"])
def test_a_plugin_cannot_take_a_name_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    package(tmp_path, "green_shop", "green = green_shop:Green")
    package(tmp_path, "other_shop", f"{name} = other_shop:Green")
    monkeypatch.syspath_prepend(tmp_path)
    colours = shop()
    with pytest.warns(PluginWarning, match=f"{name!r} of package '.*_shop' .* already taken"):
        assert list(colours) == ["green", "path"]
    assert colours.get("path") is Path


def test_spaces_are_found_by_name() -> None:
    assert "rnn_cell" in SPACES
    assert isinstance(get_space("rnn_cell"), RnnCellSpace)
    with pytest.raises(UnknownNameError, match=r"unknown search space 'rnn'; known: .*rnn_cell"):
        get_space("rnn")
