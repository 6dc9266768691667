"""The examples of the pages run."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from forked import start
from page_examples import PAGES_THAT_RUN

ROOT = Path(__file__).parents[2]
BUDGET = re.compile(r"--trials \d+ --seeds \d+")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_THAT_RUN)
def test_the_examples_of_a_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparisons with smaller budgets than the page gives them; commands are forked."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    from run_examples import run_page

    commands = count()

    def run(command: list[str]) -> str:
        program, *arguments = command
        assert program == "nni-nlp-bench"
        output = tmp_path / f"output-{next(commands)}.txt"
        process = start(tuple(arguments), output)
        process.join()
        printed = output.read_text("utf-8")
        assert process.exitcode == 0, printed[-4000:]
        return printed

    text = (ROOT / page).read_text("utf-8")
    run_page(BUDGET.sub("--trials 25 --seeds 1", text), run)


@pytest.mark.framework("syne_tune")
@pytest.mark.framework("neps")
@pytest.mark.framework("smac")
def test_the_examples_of_other_frameworks_run(tmp_path: Path) -> None:
    page = ROOT / "docs/other_frameworks.md"
    command = [sys.executable, ROOT / "docs/run_examples.py", page]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150
