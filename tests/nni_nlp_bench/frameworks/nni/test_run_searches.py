"""Experiments of `experiments/` whose trials are one search each, under real managers.

A comparison on the surrogate is run and looked at in test_web_ui.py.
"""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


@pytest.mark.parametrize(
    ("name", "trials"),
    [
        pytest.param("compare_hosts", 4, marks=pytest.mark.naslib),
        ("compare_multi_fidelity", 4),
        ("kd_emd", 1),
    ],
)
def test_experiment_finishes(name: str, trials: int, run_experiment) -> None:
    run_experiment(name, trials)
