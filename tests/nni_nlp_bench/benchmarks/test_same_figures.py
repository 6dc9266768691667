"""Predictions and searches are the same on every processor, thread count and batch size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core import _multiarray_umath as core
from surrogate_figures import CELLS, figures

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).with_name("golden") / "surrogates.csv"
SOME = 100

DISPATCHED = " ".join(name for name in core.__cpu_dispatch__ if core.__cpu_features__[name])
"""What numpy uses of this processor beyond the baseline, such as AVX2, FMA and AVX-512."""
NEEDS = {"SkylakeX": "AVX512F", "Haswell": "AVX2", "Zen": "AVX2"}
SETTINGS = {
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "zen": {"OPENBLAS_CORETYPE": "Zen"},
    "skylake": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "plain": {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": DISPATCHED},
    "two threads": {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
}


def golden(count: int) -> list[str]:
    return GOLDEN.read_text("utf-8").splitlines()[:count]


def test_predictions_are_those_of_every_machine() -> None:
    assert figures(SOME, batch=SOME) == golden(SOME)


def test_predictions_one_by_one_are_those_in_batches() -> None:
    assert run_figures({}, cells=20, batch=1) == golden(20)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_processors_print_the_same_predictions(name: str) -> None:
    """All of them on the plainest, which differs most from others, and a part on the others."""
    cells = CELLS if name == "plain" else SOME
    assert run_figures(settings_of(name), cells=cells, batch=cells) == golden(cells)


@pytest.mark.slow
def test_a_comparison_prints_the_same_on_every_processor(tmp_path: Path) -> None:
    """Strategies too: their models start with the 20th trial at the latest."""
    outputs = []
    for name in ("two threads", "plain"):
        out = tmp_path / name
        command = "from nni_nlp_bench.cli.app import main; main()"
        strategies = "random,regularized_evolution,local_search,bayesian,tpe,guided"
        options = ["--strategies", strategies, "--trials", "24", "--seeds", "1", "--out", str(out)]
        run(["-c", command, "compare", *options], settings_of(name))
        outputs.append([(out / file).read_bytes() for file in ("trials.csv", "summary.csv")])
    assert outputs[0] == outputs[1]


def settings_of(name: str) -> dict[str, str]:
    settings = SETTINGS[name]
    needed = NEEDS.get(settings.get("OPENBLAS_CORETYPE", ""))
    if needed and not core.__cpu_features__.get(needed, False):
        pytest.skip(f"this processor lacks {needed}")
    return settings


def run_figures(environment: dict[str, str], cells: int, batch: int) -> list[str]:
    script = ["tests/helpers/surrogate_figures.py", "--cells", f"{cells}", "--batch", f"{batch}"]
    return run(script, environment).splitlines()


def run(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
