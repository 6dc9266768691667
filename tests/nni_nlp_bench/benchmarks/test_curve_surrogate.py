"""The surrogate of learning curves: scale, noise, extrapolation, files, and the benchmark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.curve_benchmark import CurveSurrogateBenchmark
from nni_nlp_bench.benchmarks.surrogate import curve_fit
from nni_nlp_bench.benchmarks.surrogate.curve_fit import Curves
from nni_nlp_bench.benchmarks.surrogate.curve_model import (
    RIDGE,
    SERIES,
    VALIDATION,
    CurveSurrogate,
    condition,
)
from nni_nlp_bench.benchmarks.surrogate.curve_noise import CurveNoise
from nni_nlp_bench.benchmarks.surrogate.curve_scale import LAST_SCORE, CurveScale
from nni_nlp_bench.benchmarks.surrogate.curve_storage import (
    load_curve_surrogate,
    save_curve_surrogate,
)
from nni_nlp_bench.benchmarks.surrogate.packaged import ptb_surrogate, wikitext_2_surrogate
from nni_nlp_bench.benchmarks.surrogate.row_cache import RowCache
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace

NAME = "nas-bench-nlp/wikitext-2-surrogate"
LSTM, RNN = named_recipe("lstm"), named_recipe("rnn")


@pytest.fixture(scope="module")
def benchmark() -> CurveSurrogateBenchmark:
    found = nb.load(NAME)
    assert isinstance(found, CurveSurrogateBenchmark)
    return found


@pytest.fixture(scope="module")
def cells() -> list[Recipe]:
    rng, space = np.random.default_rng(7), RnnCellSpace()
    return [space.sample(rng) for _ in range(40)]


@pytest.fixture(scope="module")
def scale() -> CurveScale:
    rng = np.random.default_rng(0)
    return CurveScale.fit(4 + rng.gamma(2, 0.3, (400, 2, 3)))


def test_scores_have_a_normal_distribution(scale: CurveScale) -> None:
    curves = 4 + np.random.default_rng(0).gamma(2, 0.3, (400, 2, 3))
    scores = scale.to_scores(curves)
    assert scores.mean(axis=0) == pytest.approx(0, abs=0.02)
    assert scores.std(axis=0) == pytest.approx(1, abs=0.03)
    assert scale.to_losses(scores) == pytest.approx(curves, abs=1e-9)


def test_losses_beyond_the_training_cells_still_differ(scale: CurveScale) -> None:
    scores = np.linspace(-3 * LAST_SCORE, 3 * LAST_SCORE, 200)[:, None, None] + np.zeros((1, 2, 3))
    losses = scale.to_losses(scores)
    assert (np.diff(losses, axis=0) > 0).all()
    assert (losses > 3).all()
    assert scale.to_scores(losses[60:]) == pytest.approx(scores[60:], abs=1e-6)


def test_noise_is_recovered_from_its_own_runs() -> None:
    truth = CurveNoise(np.outer([0.1, 0.3], np.linspace(2, 1, 12)), correlation=0.4)
    runs = [np.stack([truth.of_run(f"{cell}", run) for run in range(3)]) for cell in range(200)]
    found = CurveNoise.fit(runs)
    assert found.deviations == pytest.approx(truth.deviations, rel=0.15)
    assert found.correlation == pytest.approx(0.4, abs=0.1)
    assert (truth.of_run("a", 0) == truth.of_run("a", 0)).all()
    assert (truth.of_run("a", 0) != truth.of_run("a", 1)).all()


def test_conditioning_by_hand() -> None:
    """Two epochs of unit variance and correlation .8; the first is measured one too high."""
    shift, variance = condition(np.array([[1, 0.8], [0.8, 1]]), np.array([1.0]))
    weight = 1 / (1 + RIDGE)
    assert shift == pytest.approx([weight, 0.8 * weight])
    assert variance == pytest.approx([1 - weight, 1 - 0.64 * weight])
    nothing, prior = condition(np.eye(3), np.array([]))
    assert nothing.tolist() == [0, 0, 0]
    assert prior.tolist() == [1, 1, 1]


def test_measured_epochs_move_the_rest(benchmark: CurveSurrogateBenchmark) -> None:
    expected, wide = benchmark.extrapolate(LSTM, np.array([]))
    same, narrow = benchmark.extrapolate(LSTM, expected[:3])
    worse, _ = benchmark.extrapolate(LSTM, expected[:3] + 0.05)
    assert same == pytest.approx(expected, abs=1e-4)
    assert expected[-1] == pytest.approx(benchmark.query(LSTM).val_loss, abs=2e-6)
    assert (narrow[3:] < wide[3:]).all()
    assert (worse > same).all()
    with pytest.raises(BenchmarkError, match="51 epochs are more than 50"):
        benchmark.extrapolate(LSTM, np.full(51, 5.0))


def test_queries_agree_with_curves(benchmark: CurveSurrogateBenchmark) -> None:
    curve = benchmark.curve(LSTM, seed=2)
    assert curve.origin == "predicted"
    for epoch in (1, 3, 50):
        result = benchmark.query(LSTM, epoch, seed=2)
        assert result.val_loss == curve.val_loss[epoch - 1]
        assert result.test_loss == curve.test_loss[epoch - 1]
        assert result.train_loss == curve.train_loss[epoch - 1]
        assert result.wall_time_s == pytest.approx(curve.wall_time_s[:epoch].sum())
        assert (result.epoch, result.seed, result.source) == (epoch, 2, f"{NAME}-v1")
    assert benchmark.query(LSTM).seed is None
    assert benchmark.query(LSTM).val_loss != benchmark.query(LSTM, seed=0).val_loss
    assert benchmark.query(LSTM).val_loss < benchmark.query(RNN).val_loss
    for wrong in (0, 51):
        with pytest.raises(BenchmarkError, match="it has 1 to 50"):
            benchmark.query(LSTM, wrong)
    with pytest.raises(BenchmarkError, match="no seed -1"):
        benchmark.query(LSTM, seed=-1)


def test_runs_differ_from_the_expected_curve_by_their_noise(
    benchmark: CurveSurrogateBenchmark,
) -> None:
    """Published runs of a good cell differ by .006 to .02 nats."""
    expected = benchmark.predictor.predict([LSTM]).losses[0, VALIDATION]
    runs = np.array([benchmark.curve(LSTM, run).val_loss for run in range(100)])
    assert runs.mean(axis=0) == pytest.approx(expected, abs=0.01)
    assert 0.004 < runs[:, -1].std() < 0.02


def test_curves_are_possible(benchmark: CurveSurrogateBenchmark, cells: list[Recipe]) -> None:
    """Losses rise as little as measured ones: 90 % of the cells that train by at most .027."""
    losses = benchmark.predictor.predict(cells).losses
    val, test = losses[:, VALIDATION], losses[:, SERIES.index("test_loss")]
    trains = val[:, -1] < 6
    assert trains.mean() > 0.7
    assert np.diff(val[trains], axis=1).max() < 0.03
    assert (val[trains, -1] < val[trains, 0]).all()
    assert (abs(test - val)[:, 5:] < 0.3).all()
    assert len(np.unique(val[:, -1])) == len(set(cells))


def test_predictions_do_not_depend_on_the_batch(
    benchmark: CurveSurrogateBenchmark, cells: list[Recipe]
) -> None:
    together = replace(benchmark.predictor, _cache=RowCache()).predict(cells[:9], workers=1)
    alone = replace(benchmark.predictor, _cache=RowCache()).predict(cells[4:5])
    assert (together.losses[4] == alone.losses[0]).all()
    assert (together.std[4] == alone.std[0]).all()
    assert together.divergence[4] == alone.divergence[0]


def test_the_packaged_surrogate_says_what_it_is_worth() -> None:
    figures = wikitext_2_surrogate().metadata["cross_validation"]["given_epochs"]
    assert figures["0"]["kendall"] > 0.75
    assert figures["3"]["kendall"] > 0.83
    assert figures["3"]["r2"] > 0.8
    assert all(0.85 < of["coverage"] < 0.96 for of in figures.values())


def test_multi_fidelity_searches_run_on_it() -> None:
    result = nb.search(NAME, "hyperband", n_trials=30, seed=0)
    trials = result.to_dataframe()
    assert trials["epoch"].nunique() > 1
    assert (trials["origin"] == "predicted").all()


@pytest.fixture(scope="module")
def small(cells: list[Recipe]) -> tuple[Curves, CurveSurrogate]:
    """Fitted to curves that fall faster with more nodes."""
    rng = np.random.default_rng(0)
    epochs = np.arange(1, 9)
    runs = []
    for cell in cells:
        curve = 4 + 3 / len(cell.nodes) + 2 / epochs
        runs.append(curve + 0.01 * rng.standard_normal((2, len(SERIES), len(epochs))))
    curves = Curves(tuple(cells), tuple(runs))
    return curves, curve_fit.fit(curves, ptb_surrogate(), {})


@pytest.mark.slow
def test_a_fit_follows_the_curves(small: tuple[Curves, CurveSurrogate]) -> None:
    curves, surrogate = small
    predicted = surrogate.predict(curves.recipes, workers=1).losses
    assert np.corrcoef(predicted[:, VALIDATION, -1], curves.mean[:, VALIDATION, -1])[0, 1] > 0.9
    assert surrogate.lowest_loss == curves.mean[:, SERIES.index("test_loss"), -1].min()


@pytest.mark.slow
def test_a_saved_surrogate_predicts_the_same(
    small: tuple[Curves, CurveSurrogate], tmp_path: Path
) -> None:
    curves, surrogate = small
    save_curve_surrogate(surrogate, tmp_path)
    loaded = load_curve_surrogate(tmp_path, ptb_surrogate())
    some = curves.recipes[:5]
    assert (loaded.predict(some).losses == surrogate.predict(some).losses).all()
    assert (loaded.run(LSTM, 1) == surrogate.run(LSTM, 1)).all()
    with pytest.raises(BenchmarkError, match=r"was made for .*-v2, not for .*-v1"):
        load_curve_surrogate(tmp_path, ptb_surrogate(1))


@pytest.mark.slow
def test_cross_validation_finds_nothing_in_random_curves(cells: list[Recipe]) -> None:
    """Walks at random follow their first epochs, and nothing else."""
    rng = np.random.default_rng(0)
    runs = [5 + np.cumsum(rng.normal(0, 0.1, (1, len(SERIES), 26)), axis=2) for _ in cells]
    metrics = curve_fit.cross_validate(Curves(tuple(cells), tuple(runs)), ptb_surrogate(), {})
    assert abs(metrics[0].kendall) < 0.3
    assert metrics[25].kendall > 0.45
