"""The study of search methods: its script, and that its page tells what its searches found."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces.rnn_cell.published import published_recipe

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/study.md").read_text("utf-8")
SCRIPT = HOME / "experiments/nas_bench_nlp_study.py"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", ["ptb", "wikitext-2"])
def test_the_page_tells_what_the_searches_found(table: str) -> None:
    figures = rows(HOME / f"docs/data/study_{table}.csv")
    assert {figure["seeds"] for figure in figures} == {"20"}
    for method in dict.fromkeys(figure["method"] for figure in figures):
        cells = [
            f"{float(f['regret']):.3f} [{float(f['low']):.3f}, {float(f['high']):.3f}]"
            for f in figures
            if f["method"] == method
        ]
        assert f"| `{method}` | {' | '.join(cells)} |" in PAGE


@pytest.mark.slow
def test_the_script_makes_a_table_and_studies_it(tmp_path: Path) -> None:
    with (tmp_path / "losses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["recipe_id", "recipe", "num_params", "test_loss"])
        for i in range(8):
            recipe = published_recipe(1000003 + i).to_json()
            writer.writerow([1000003 + i, recipe, 1000, 5 - i / 10])
    options = ["--methods", "random,hyperband", "--seeds", "2", "--trainings", "3"]
    options += ["--processes", "1", "--ptb", str(tmp_path / "losses.csv")]
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "out"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "left out: hyperband: ptb has no learning curves" in done.stdout
    assert len(rows(tmp_path / "out/ptb/trials.csv")) == 2 * 3
