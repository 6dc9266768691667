"""Every block of code and every command on the pages is run by a test, or says why not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from page_examples import PAGES_THAT_RUN
from typer.main import get_command

from nni_nlp_bench.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"})
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}\S.*\n)(?: {4}.*\n)*")
NOT_RUN = re.compile(r"<!-- not run(: .+)? -->")
TESTED_ELSEWHERE = {
    "CONTRIBUTING.md": "tests/contract and tests/nni_nlp_bench/core/test_deprecation.py",
    "docs/other_frameworks.md": "tests/docs/test_examples.py, where the frameworks are",
    "docs/own_space.md": "tests/search_spaces/test_own_space.py",
    "docs/tutorial.md": "`make outputs` runs it and writes what it prints",
}
"""Pages whose fenced blocks are not run by test_examples.py."""
COMMANDS = {
    "nni-nlp-bench": "parsed below",
    "make": "targets of the Makefile: tests/test_automation.py",
    "pip": "installs from the network",
    "git": "needs the network",
    "cd": "enters what git has cloned",
    "python3": "makes a virtual environment",
    ".": "activates it",
    "export": "sets a variable for another command",
    "curl": "needs the server of the command above it: tests/nni_nlp_bench/models/serving",
    "python": "tests/experiments, tests/performance and tests/faults run such scripts",
}
"""Programs in indented blocks, and why they are not run as they stand, or what runs them."""


def blocks(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield language, text, and whether it says that it is not run, of each fenced block."""
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n")[2]
        yield match[2], match[3], NOT_RUN.fullmatch(before.strip()) is not None


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in the indented blocks."""
    for block in INDENTED.findall(FENCE.sub("", text)):
        lines = block.replace("\\\n", " ").splitlines()
        if lines[0].split()[0] in COMMANDS:
            yield from (shlex.split(line, comments=True) for line in lines if line.strip())


@cache
def root() -> Any:
    """Return the whole command."""
    return get_command(app)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_of_code_is_run_or_says_why_not(page: Path) -> None:
    if name(page) in PAGES_THAT_RUN or name(page) in TESTED_ELSEWHERE:
        return
    untested = [
        text
        for language, text, not_run in blocks(page.read_text("utf-8"))
        if language in ("python", "console", "bash", "sh") and not not_run
    ]
    assert untested == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_command_of_a_page_is_valid(page: Path) -> None:
    """Its program is known; the command of this package takes its options and their values."""
    for program, *words in commands(page.read_text("utf-8")):
        assert program in COMMANDS
        if program == "nni-nlp-bench":
            command = root()
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            command.make_context("nni-nlp-bench", words)


def test_the_named_pages_exist() -> None:
    for page in (*PAGES_THAT_RUN, *TESTED_ELSEWHERE):
        assert (ROOT / page).is_file()
