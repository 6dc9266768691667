"""The pages name commands and options that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from nni_nlp_bench.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {ROOT / "CHANGELOG.md"})
CALL = re.compile(r"nni-nlp-bench ((?:[a-z][a-z-]*)(?: [^\n`#|;&]*)?)")
QUOTED = re.compile(r"`(--[a-z][a-z-]*)")
OF_OTHERS = {"--distill-when", "--evaluator", "--nthreads"}
"""Options of `python -m nni_nlp_bench.frameworks.nni.trial` and of `dask worker`."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_options_of_the_shown_calls_exist(page: Path) -> None:
    text = text_of(page).replace("\\\n", " ")
    wrong = {match[0]: unknown(match[1].split()) for match in CALL.finditer(text)}
    assert {call: options for call, options in wrong.items() if options} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_options_in_the_text_exist(page: Path) -> None:
    known = OF_OTHERS.union(*map(own, commands(root())))
    assert set(QUOTED.findall(text_of(page))) - known == set()


def text_of(page: Path) -> str:
    """Return the text of a page; the upgrade notes without what they call `before`."""
    text = page.read_text("utf-8")
    if page.name != "upgrade.md":
        return text
    return re.sub(r"^\| [^|]* \||^.*\bbefore\b.*$", "|", text, flags=re.MULTILINE)


@cache
def root() -> Any:
    """Return the whole command."""
    return get_command(app)


def commands(group: Any) -> Iterator[Any]:
    """Yield a command and all of its subcommands."""
    yield group
    for inner in getattr(group, "commands", {}).values():
        yield from commands(inner)


def own(command: Any) -> set[str]:
    """Return the options of one command."""
    return {"--help", "-h"}.union(*(p.opts + p.secondary_opts for p in command.params))


def unknown(words: list[str]) -> list[str]:
    """Return the options of a call that its command lacks, or the command if it is unknown."""
    command = root()
    for word in words:
        inner = getattr(command, "commands", {})
        if word not in inner:
            break
        command = inner[word]
    if command is root():
        return words[:1]
    options = [word.partition("=")[0].rstrip(".,:)") for word in words if word.startswith("--")]
    return [option for option in options if option not in own(command)]
