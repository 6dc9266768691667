"""The notebooks are valid, and the scripts that they are made of run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = sorted((DOCS / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def notebooks() -> Any:
    """The module that makes the notebooks."""
    pytest.importorskip("nbformat")
    spec = importlib.util.spec_from_file_location("notebooks", DOCS / "generate" / "notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_notebook_holds_the_code_of_its_script(script: Path, notebooks: Any) -> None:
    import nbformat

    text = script.read_text("utf-8")
    made = nbformat.reads(notebooks.notebook(text), as_version=4)
    nbformat.validate(made)
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    assert made.cells[0].source.startswith("# ")
    written = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in "\n".join(code).splitlines() if line] == written


def test_there_are_three_notebooks() -> None:
    assert len(SCRIPTS) == 3


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_script_of_a_notebook_runs(script: Path, tmp_path: Path) -> None:
    if script.stem == "file_to_model":
        pytest.importorskip("torch")
    command = [sys.executable, "-W", "ignore", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
