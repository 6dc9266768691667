"""Experiments of `experiments/` whose trials are one architecture each, under real managers.

That of plain cells is run and looked at in test_web_ui.py.
"""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


@pytest.mark.parametrize(
    ("name", "trials"),
    [
        ("mf_kd", 2),
        ("rnn_cell_hyperband", 3),
        ("rnn_cell_training", 2),
        ("textnas_grid", 2),
    ],
)
def test_experiment_finishes(name: str, trials: int, run_experiment) -> None:
    run_experiment(name, trials)
