"""Which way imports run, and what a cold start may load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = [
    "igraph",
    "lightgbm",
    "matplotlib",
    "networkx",
    "nni",
    "optuna",
    "pandas",
    "sklearn",
    "torch",
]
VALUES = [
    "search_spaces.emd_cell.space",
    "search_spaces.encoder.space",
    "search_spaces.enas_cell.space",
    "search_spaces.enas_cell.choices",
    "search_spaces.enas_cell.encoding",
    "search_spaces.enas_cell.recipe",
    "search_spaces.rnn_cell.space",
    "search_spaces.rnn_cell.architecture",
    "search_spaces.rnn_cell.moves",
    "search_spaces.rnn_cell.encoding",
    "search_spaces.rnn_cell.choices",
    "search_spaces.textnas.space",
    "nni_nlp_bench.benchmarks.catalogue",
    "nni_nlp_bench.evaluation.report",
    "nni_nlp_bench.strategies.registry",
    "nni_nlp_bench.training.one_shot.language.compare",
    "nni_nlp_bench.training.one_shot.settings",
    "nni_nlp_bench.cli.app",
]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def loaded_by(module: str, libraries: list[str]) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    done = run(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    return set(libraries) & set(done.stdout.split())


def test_imports_run_one_way() -> None:
    done = run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", VALUES)
def test_cold_import_of_a_value_loads_no_heavy_library(module: str) -> None:
    assert loaded_by(module, HEAVY) == set()


@pytest.mark.parametrize("package", ["nni_nlp_bench", "search_spaces"])
def test_import_of_a_package_loads_not_even_numpy(package: str) -> None:
    assert loaded_by(package, ["numpy", *HEAVY]) == set()
