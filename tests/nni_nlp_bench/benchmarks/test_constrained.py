"""Benchmarks restricted by constraints."""

from __future__ import annotations

import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.constrained import Constraint, constrain
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.errors import UserError
from search_spaces.rnn_cell import published_recipe

RNN, LSTM, GRU = (published_recipe(1000000 + i) for i in range(3))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("parameters<=2e7", -float("inf"), 2e7),
        (" parameters >= 1.5E+6", 1.5e6, float("inf")),
        ("parameters=2e7±10%", 1.8e7, 2.2e7),
        ("parameters = 200 +- 5 %", 190.0, 210.0),
    ],
)
def test_constraints_are_read(text: str, low: float, high: float) -> None:
    found = Constraint.parse(text)
    assert (found.name, found.low, found.high) == ("parameters", low, high)


@pytest.mark.parametrize("text", ["", "parameters", "parameters<2", "<=3", "parameters<=1.2.3"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="write NAME<=NUMBER"):
        Constraint.parse(text)


def test_the_part_of_a_table(measured_table: Table) -> None:
    small = constrain(measured_table, ["latency<=40"])
    assert small.architectures() == (RNN,)  # the latency of the third is unknown
    assert (small.size, small.name) == (1, "measured, latency<=40")
    assert small.lowest_loss == pytest.approx(4.1) and measured_table.lowest_loss < 4
    assert small.query(LSTM).source == small.name
    assert small.digest not in (None, measured_table.digest)
    assert constrain(measured_table, ()) is measured_table
    with pytest.raises(BenchmarkError, match="no architecture of measured meets latency>=50"):
        constrain(measured_table, "latency>=50")
    with pytest.raises(BenchmarkError, match="'energy' cannot be checked before a training"):
        constrain(measured_table, "energy<=1")


def test_a_search_in_a_band_measures_regret_from_its_lowest_loss() -> None:
    mini = nb.load("mini")
    band = constrain(mini, "parameters=1e5+-10%")
    assert 10 < (band.size or 0) < (mini.size or 0)
    result = nb.compare(
        mini, ["random", "tpe"], n_trials=5, seeds=1, constraints="parameters=1e5+-10%"
    )
    assert result.reference.loss == band.lowest_loss and result.reference.known
    for search in result.results:
        assert all(9e4 <= mini.parameters(trial.architecture) <= 1.1e5 for trial in search.trials)


def test_a_whole_space_is_sampled_within_the_bounds() -> None:
    surrogate = nb.load("nas-bench-nlp/ptb-surrogate")
    result = nb.search(
        surrogate, "regularized_evolution", n_trials=25, constraints=["parameters<=8e6"]
    )
    assert max(surrogate.parameters(trial.architecture) for trial in result.trials) <= 8e6
