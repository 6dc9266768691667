"""The comparison of multi-fidelity strategies: it prints a table, and goes on where it stopped."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "experiments/multi_fidelity.py"


@pytest.mark.slow
def test_a_table_of_every_part(tmp_path: Path) -> None:
    options = ["--benchmarks", "mini", "--strategies", "random,asha", "--seeds", "2"]
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path), "--processes", "1", *options]
    outputs = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert len(list((tmp_path / "mini/asha/journals").iterdir())) == 2
    rows = re.findall(
        r"^\| `(\w+)` \|(?: [\d.]+ \[nan, nan\] \|){4} \d+ / \d+ \|$", outputs[0], re.M
    )
    assert sorted(rows) == ["asha", "random"]


@pytest.mark.slow
def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path), "--benchmarks", "ptb"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "error: unknown part 'ptb'; known: wikitext-2, wikitext-2-parallel, mini, surrogate\n"
    )
