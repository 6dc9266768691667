"""Run the examples of a Markdown page: its Python blocks and the commands of its console blocks.

    python docs/run_examples.py README.md [--write]

Every block runs in one temporary folder, in order. With `--write` the output of the commands
replaces what stands below them in the page; without it nothing is changed, and the exit code is 1
if an example fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SKIPPED = "<!-- not run -->"
"""A line before a block that needs the network, a server or hours."""


def examples(page: str) -> list[tuple[str, str]]:
    """Return language and text of each block that can be run."""
    found = []
    for match in BLOCK.finditer(page):
        before = page[: match.start()].rstrip().rpartition("\n")[2]
        if before != SKIPPED:
            found.append((match[1], match[2]))
    return found


def run_python(source: str, folder: Path) -> None:
    """Run a program. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", source], cwd=folder, check=True)


def run_console(block: str, folder: Path) -> str:
    """Run the commands of a block; return it with their output. Raises CalledProcessError."""
    lines = []
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        program, *arguments = shlex.split(line.removeprefix("$ "))
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        environment = {**os.environ, "COLUMNS": "80"}
        done = subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True, env=environment
        )
        lines += [line, *(text.rstrip() for text in done.stdout.splitlines())]
    return "".join(f"{line}\n" for line in lines)


def main() -> int:
    """Run the examples of the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--write", action="store_true", help="write the outputs into the pages")
    options = parser.parse_args()
    for page in options.pages:
        text = page.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            for language, block in examples(text):
                print(block, file=sys.stderr)
                if language == "python":
                    run_python(block, Path(folder))
                else:
                    text = text.replace(block, run_console(block, Path(folder)))
        if options.write:
            page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
