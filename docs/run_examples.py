"""Run the examples of a Markdown page: its Python blocks and the commands of its console blocks.

    python docs/run_examples.py README.md [--write]

Every block runs in one temporary folder, in order; Python blocks share their names, as in a
notebook. A line `<!-- file: NAME -->` before a Python block saves it too. With `--write` the output
of the commands replaces what stands below them in the page; without it nothing is changed, and the
exit code is 1 if an example fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SKIPPED = re.compile(r"<!-- not run(: .*)? -->")
"""A line before a block that needs the network, a server or hours."""
SAVED = re.compile(r"<!-- file: (\S+) -->")


@dataclass(frozen=True)
class Example:
    """A block that can be run, and the name of its file, if it is saved."""

    language: str
    text: str
    file: str | None = None


def examples(page: str) -> list[Example]:
    """Return each block that can be run."""
    found = []
    for match in BLOCK.finditer(page):
        before = page[: match.start()].rstrip().rpartition("\n")[2]
        if not SKIPPED.fullmatch(before):
            saved = SAVED.fullmatch(before)
            found.append(Example(match[1], match[2], saved and saved[1]))
    return found


def run_python(example: Example, names: ModuleType) -> None:
    """Run a program among the names of those before it."""
    if example.file is not None:
        Path(example.file).write_text(example.text, "utf-8")
    exec(compile(example.text, example.file or "<example>", "exec"), names.__dict__)


Runner = Callable[[list[str]], str]
"""Runs a command, and returns what it prints on stdout. Raises CalledProcessError."""


def run_command(command: list[str]) -> str:
    """Run a program of this environment."""
    program, *arguments = command
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    return done.stdout


def run_console(block: str, run: Runner) -> str:
    """Run the commands of a block; return it with their output."""
    lines = []
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        printed = run(shlex.split(line.removeprefix("$ ")))
        lines += [line, *(text.rstrip() for text in printed.splitlines())]
    return "".join(f"{line}\n" for line in lines)


def run_page(text: str, run: Runner = run_command) -> str:
    """Run the examples of a page in an empty folder; return it with the outputs."""
    main, home = sys.modules["__main__"], Path.cwd()
    names = sys.modules["__main__"] = ModuleType("__main__")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        try:
            for example in examples(text):
                print(example.text, file=sys.stderr)
                if example.language == "python":
                    run_python(example, names)
                else:
                    text = text.replace(example.text, run_console(example.text, run))
        finally:
            sys.path.remove(folder)
            os.chdir(home)
            sys.modules["__main__"] = main
    return text


def main() -> int:
    """Run the examples of the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--write", action="store_true", help="write the outputs into the pages")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for page in options.pages:
        text = run_page(page.read_text("utf-8"))
        if options.write:
            page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
