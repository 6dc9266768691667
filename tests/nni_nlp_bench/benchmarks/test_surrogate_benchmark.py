"""The benchmark protocol on top of a surrogate."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.surrogate.packaged import FOLDER
from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark, surrogate_of
from nni_nlp_bench.testing import EPOCH_S, EPOCHS, BySize, synthetic_table
from search_spaces.registry import get_space
from search_spaces.rnn_cell.published import named_recipe


@pytest.fixture
def surrogate() -> Benchmark:
    return SurrogateBenchmark("by-size", BySize)


LSTM = named_recipe("lstm")


def test_a_prediction_says_what_it_is(surrogate: Benchmark) -> None:
    result = surrogate.query(LSTM)
    assert result == surrogate.query(LSTM, epoch=50)
    assert (result.origin, result.source) == ("predicted", "by-size")
    assert (result.train_loss, result.val_loss, result.seed) == (None, None, None)
    assert result.epoch == 50
    assert result.test_loss == pytest.approx(5 - 0.13)
    assert result.std == pytest.approx(0.013)
    assert result.wall_time_s == pytest.approx(50 * 2 * 13)
    assert (surrogate.objective, surrogate.epochs) == ("test_loss", 50)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    surrogate = SurrogateBenchmark("by-size", BySize)
    cells = [named_recipe(name) for name in ("rnn", "lstm", "gru")]
    assert surrogate.query_all(cells) == [surrogate.query(cell) for cell in cells]
    assert surrogate.query_all([]) == []


def test_there_are_no_curves_runs_or_lists(surrogate: Benchmark) -> None:
    assert not surrogate.has_curves
    for epoch in (0, 1, 49, 51):
        with pytest.raises(BenchmarkError, match="has no curves: ask for epoch 50, not"):
            surrogate.query(LSTM, epoch=epoch)
    with pytest.raises(BenchmarkError, match="no learning curves"):
        surrogate.curve(LSTM)
    with pytest.raises(BenchmarkError, match="no seed 0"):
        surrogate.query(LSTM, seed=0)
    assert list(surrogate.seeds(LSTM)) == []
    assert surrogate.architectures() is None


def test_a_cell_that_likely_diverges_says_so() -> None:
    """The stand-in gives 10 nodes a probability of one half."""
    statuses = {
        len(cell.nodes): SurrogateBenchmark("by-size", BySize).query(cell).status
        for cell in (LSTM, named_recipe("gru"), named_recipe("rnn"))
    }
    assert statuses == {13: "predicted to diverge", 8: "OK", 2: "OK"}


def test_runs_have_the_measured_noise() -> None:
    """Published seeds of good cells differ by .004 to .008 nats."""
    benchmark = load("nas-bench-nlp/ptb-surrogate")
    expected = benchmark.query(LSTM)
    runs = [benchmark.query(LSTM, seed=seed) for seed in range(200)]
    losses = np.array([run.test_loss for run in runs])
    assert losses.mean() == pytest.approx(expected.test_loss, abs=0.002)
    assert 0.003 < losses.std() < 0.009
    assert [run.seed for run in runs[:3]] == list(benchmark.seeds(LSTM)) == [0, 1, 2]
    assert benchmark.query(LSTM, seed=7) == runs[7]
    with pytest.raises(BenchmarkError, match="numbered from 0"):
        benchmark.query(LSTM, seed=-1)


def test_versions_stay_loadable() -> None:
    newest, second = load("nas-bench-nlp/ptb-surrogate"), load("nas-bench-nlp/ptb-surrogate-v2")
    first = load("nas-bench-nlp/ptb-surrogate-v1")
    assert newest.query(LSTM) == second.query(LSTM)
    assert first.query(LSTM).source == "nas-bench-nlp/ptb-surrogate-v1"
    assert first.query(LSTM).test_loss == pytest.approx(4.6486, abs=0.002)
    assert first.digest != second.digest


def test_predicts_the_objective_of_its_table() -> None:
    result = SurrogateBenchmark("by-size", BySize, "val_loss", 9).query(LSTM)
    assert (result.val_loss, result.test_loss) == (pytest.approx(5 - 0.13), None)
    assert result.epoch == 9


@pytest.mark.slow
def test_a_surrogate_of_a_table_learns_losses_times_and_failures() -> None:
    learnt = surrogate_of(synthetic_table(300))
    held_out = synthetic_table(60, seed=1).architectures()
    linear = [learnt.query(cell).val_loss for cell in held_out]
    truth = [get_space("rnn_cell").op_counts(cell)["linear"] for cell in held_out]
    assert spearmanr(linear, truth).statistic < -0.8
    result = learnt.query(LSTM)
    assert (result.origin, result.epoch, result.test_loss) == ("predicted", EPOCHS, None)
    assert result.wall_time_s == pytest.approx(EPOCHS * EPOCH_S, rel=0.05)


def test_a_surrogate_needs_no_surrogate() -> None:
    with pytest.raises(BenchmarkError, match="answers for any"):
        surrogate_of(SurrogateBenchmark("by-size", BySize))


def test_the_digest_is_that_of_the_packaged_model() -> None:
    metadata = json.loads((FOLDER / "ptb-v2" / "metadata.json").read_text("utf-8"))
    assert load("nas-bench-nlp/ptb-surrogate").digest == metadata["sha256"]


def test_a_fitted_surrogate_has_no_digest(surrogate: Benchmark) -> None:
    assert surrogate.digest is None
