"""Common options: -h, version, shell completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from nni_nlp_bench import __version__
from nni_nlp_bench.cli.app import app


def command_lines(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of the command and its subcommands."""
    yield names
    for name, child in getattr(command, "commands", {}).items():
        yield from command_lines(child, *names, name)


@pytest.mark.parametrize("names", command_lines(get_command(app)), ids=" ".join)
def test_short_help_option(names: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*names, "-h"])
    assert done.exit_code == 0
    assert " ".join(["Usage: nni-nlp-bench", *names]) in " ".join(done.stdout.split())


def test_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"nni-nlp-bench {__version__}\n")


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("nni-nlp-bench ex", {"experiment", "export"}),
        ("nni-nlp-bench benchmark down", {"download"}),
        ("nni-nlp-bench experiment examples --js", {"--json"}),
    ],
)
def test_completion(line: str, completions: set[str]) -> None:
    words = line.split()
    request = {
        "_NNI_NLP_BENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(app, [], prog_name="nni-nlp-bench", env=request)
    assert set(done.stdout.split()) == completions


@pytest.mark.parametrize(("shell", "function"), [("bash", "complete"), ("zsh", "compdef")])
def test_completion_script(shell: str, function: str) -> None:
    request = {"_NNI_NLP_BENCH_COMPLETE": f"source_{shell}"}
    done = CliRunner().invoke(app, [], prog_name="nni-nlp-bench", env=request)
    assert done.exit_code == 0
    assert f"{function} " in done.stdout


def test_completion_can_be_installed() -> None:
    done = CliRunner().invoke(app, ["-h"])
    assert "--install-completion" in done.stdout


def functions(group: typer.Typer) -> Iterator[Any]:
    """Yield the functions of all commands."""
    yield from (command.callback for command in group.registered_commands)
    for child in group.registered_groups:
        assert child.typer_instance is not None
        yield from functions(child.typer_instance)


def test_every_count_has_bounds_that_are_checked_before_work() -> None:
    counts = {
        (function.__name__, name): get_args(hint)[1]
        for function in functions(app)
        for name, hint in get_type_hints(function, include_extras=True).items()
        if get_args(hint)[:1] in ((int,), (int | None,))
    }
    assert len(counts) > 40
    del counts["up", "port"]  # checked together with the configuration
    assert [key for key, option in counts.items() if None in (option.min, option.max)] == []
