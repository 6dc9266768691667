"""Hundreds of bad inputs end with one line and exit code 2, or are accepted for a reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "tests/fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_bad_inputs_are_refused_in_one_line_and_leave_nothing_behind() -> None:
    pytest.importorskip("nni")
    pytest.importorskip("torch")
    done = fuzz("--cases", "600", "--seed", "0")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "600 cases, 0 failures"
