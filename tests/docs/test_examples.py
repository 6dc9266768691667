"""The examples of the pages run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_examples import PAGES_THAT_RUN

ROOT = Path(__file__).parents[2]
BUDGET = re.compile(r"--trials \d+ --seeds \d+")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_THAT_RUN)
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    """Comparisons with smaller budgets than the page gives them."""
    text = (ROOT / page).read_text("utf-8")
    (tmp_path / "page.md").write_text(BUDGET.sub("--trials 25 --seeds 1", text), "utf-8")
    command = [sys.executable, ROOT / "docs/run_examples.py", tmp_path / "page.md"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


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
