"""No command destroys its input, a device, or writes where no name was given."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app
from nni_nlp_bench.testing import synthetic_table


def commands_with_out(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of the commands that have the option --out."""
    if any("--out" in option.opts for option in command.params):
        yield names
    for name, child in getattr(command, "commands", {}).items():
        yield from commands_with_out(child, *names, name)


COMMANDS = list(commands_with_out(get_command(app)))


def refused(*arguments: object) -> str:
    """Return the error line of a command that refuses its arguments."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.output
    return done.stderr


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    path = tmp_path / "recipes.jsonl"
    path.write_text("lstm\n", "utf-8")
    return path


def test_the_commands_are_found() -> None:
    assert {("search",), ("benchmark", "predict"), ("train", "lm")} <= set(COMMANDS)


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_an_empty_name_is_refused(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--out is empty" in refused(*names, "--out", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_a_device_a_pipe_and_a_long_name_are_refused(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for out in (tmp_path / "pipe", tmp_path / "null"):
        assert "not a folder" in (line := refused(*names, "--out", out)) or "device" in line
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert (tmp_path / "null").is_symlink()
    assert "File name too long" in refused(*names, "--out", tmp_path / ("a" * 300))


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "predict"),
        ("score", "--scores", "naswot", "--corpus", "pydoc-small"),
    ],
    ids=" ".join,
)
def test_an_input_is_not_replaced(command: tuple[str, ...], link: Any, recipes: Path) -> None:
    if command[0] == "score":
        pytest.importorskip("torch")
    out = recipes
    if link is not None:
        out = recipes.with_name("other")
        link(recipes, out)
    assert "is an input of the command" in refused(*command, "--recipes", recipes, "--out", out)
    assert recipes.read_text("utf-8") == "lstm\n"


def test_a_file_of_the_exported_table_is_not_replaced(tmp_path: Path) -> None:
    synthetic_table(3).save(tmp_path / "table")
    for name in ("val_loss.npy", "metadata.json"):
        out = tmp_path / "table" / name
        before = out.read_bytes()
        export = ("benchmark", "export", tmp_path / "table", "--format", "naslib", "--overwrite")
        assert "is an input of the command" in refused(*export, "--out", out)
        assert out.read_bytes() == before


def test_a_report_replaces_no_result(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("strategy\n", "utf-8")
    out = tmp_path / "trials.csv"
    assert "is an input of the command" in refused("report", tmp_path, "--out", out)
    assert out.read_text("utf-8") == "strategy\n"
