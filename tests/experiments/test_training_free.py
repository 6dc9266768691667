"""The experiments of docs/training_free_search.md at sizes of seconds."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from nni_nlp_bench.benchmarks.base import lowest_loss_of
from nni_nlp_bench.testing import synthetic_table

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
NASWOT: dict[str, Any] = runpy.run_path(str(EXPERIMENTS / "naswot.py"))
TE_NAS: dict[str, Any] = runpy.run_path(str(EXPERIMENTS / "te_nas.py"))


def rows(drops: dict[str, float], pruned: str) -> list[dict[str, str]]:
    """A pruning of one choice `a` to one of two values, and of nothing in `b`."""
    return [
        {
            "round": "0",
            "choice": name[0],
            "value": name[1],
            "ntk_drop": str(drop),
            "regions_drop": str(-drop),
            "rank_sum": str(drop),
            "pruned": str(name in pruned.split()),
        }
        for name, drop in drops.items()
    ]


def test_regrets_are_those_of_the_table() -> None:
    table = synthetic_table(40)
    lowest = lowest_loss_of(table)
    loss, seconds = NASWOT["first_proposal"](table, 5, 0)
    assert loss >= lowest and seconds > 0
    assert NASWOT["with_error"](np.array([1.0, 2.0, 3.0])) == "2.000 ± 0.577"


def test_agreement_of_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    first = rows({"ax": 0.1, "ay": 0.2, "bx": 0.3, "by": 0.4}, "ax by")
    second = rows({"ax": 0.4, "ay": 0.3, "bx": 0.2, "by": 0.1}, "ax bx")
    assert TE_NAS["survivors"](first) == {"a": "y", "b": "x"}
    TE_NAS["print_agreement"]([first, second])
    printed = capsys.readouterr().out
    assert "kernel         -1.00" in printed
    assert "equal final values of a choice: 50% (by chance 50%)" in printed


def test_random_architectures_fit_the_sizes_of_the_searches() -> None:
    rng = np.random.default_rng(0)
    for setup in TE_NAS["SETUPS"].values():
        setup.space.choices().to_sample(setup.space.sample(rng))
    assert TE_NAS["SETUPS"]["textnas"].space.choices().layers == 2
