"""Which way imports run, and what a cold start may load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = [
    "distributed",
    "igraph",
    "lightgbm",
    "matplotlib",
    "networkx",
    "nni",
    "optuna",
    "pandas",
    "sklearn",
    "torch",
    "transformers",
]
VALUES = [
    "search_spaces.asr_cell.space",
    "search_spaces.emd_cell.space",
    "search_spaces.encoder.space",
    "search_spaces.lts.space",
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
    "nni_nlp_bench.probing.report",
    "nni_nlp_bench.zero_cost.maximize_nsc",
    "nni_nlp_bench.zero_cost.task",
    "nni_nlp_bench.strategies.registry",
    "nni_nlp_bench.one_shot.language.compare",
    "nni_nlp_bench.one_shot.registry",
    "nni_nlp_bench.one_shot.strategies",
    "nni_nlp_bench.cli.app",
]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def loaded_by_each(modules: list[str], libraries: list[str]) -> dict[str, list[str]]:
    """Which of the libraries are loaded after each of the modules, imported in turn."""
    program = (
        "import importlib, json, sys\n"
        f"modules, libraries = {modules!r}, {libraries!r}\n"
        "loaded = {}\n"
        "for module in modules:\n"
        "    importlib.import_module(module)\n"
        "    loaded[module] = [name for name in libraries if name in sys.modules]\n"
        "print(json.dumps(loaded))"
    )
    done = run(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_imports_run_one_way() -> None:
    pytest.importorskip("importlinter")
    done = run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()")
    assert done.returncode == 0, done.stdout


def test_cold_import_of_a_value_loads_no_heavy_library() -> None:
    assert loaded_by_each(VALUES, HEAVY) == {module: [] for module in VALUES}


def test_import_of_a_package_loads_not_even_numpy() -> None:
    packages = ["search_spaces", "nni_nlp_bench"]
    assert loaded_by_each(packages, ["numpy", *HEAVY]) == {package: [] for package in packages}


def imports_of(file: Path) -> set[str]:
    """Modules that a file imports: at its top, in functions, and for type checking."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_no_two_modules_of_spaces_import_each_other() -> None:
    files = (ROOT / "search_spaces").rglob("*.py")
    imports = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): imports_of(file) for file in files
    }
    pairs = {(a, b) for a in imports for b in imports[a] if a < b and a in imports.get(b, ())}
    assert pairs == set()
