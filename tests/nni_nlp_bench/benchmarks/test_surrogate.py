"""The surrogate: accuracy, calibration, speed and files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate import fit as fitting
from nni_nlp_bench.benchmarks.surrogate.cells import cells_of_runs
from nni_nlp_bench.benchmarks.surrogate.evaluate import evaluate
from nni_nlp_bench.benchmarks.surrogate.features import features
from nni_nlp_bench.benchmarks.surrogate.fit import fit
from nni_nlp_bench.benchmarks.surrogate.loss_scales import RankScale, TailScale, to_scores
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
from nni_nlp_bench.benchmarks.surrogate.model_files import METADATA, MODEL
from nni_nlp_bench.benchmarks.surrogate.packaged import FOLDER, PTB_VERSION, ptb_surrogate
from nni_nlp_bench.benchmarks.surrogate.published_losses import read_losses
from nni_nlp_bench.benchmarks.surrogate.row_cache import RowCache
from nni_nlp_bench.benchmarks.surrogate.storage import load_surrogate, save_surrogate
from nni_nlp_bench.benchmarks.surrogate.training_time import (
    PTB_TIME,
    WIKITEXT_2_TIME,
    TrainingTime,
)
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.features.table import feature_names
from search_spaces.rnn_cell.published import named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace

PTB_FOLDER = FOLDER / f"ptb-v{PTB_VERSION}"
TABLE = "nas-bench-nlp/ptb_multi_run.csv.gz"
NAMED = [named_recipe(name) for name in ("lstm", "gru", "rnn")]

Shared = Callable[[str], Path]


@pytest.fixture(scope="module")
def cells() -> list[Recipe]:
    rng = np.random.default_rng(5)
    space = RnnCellSpace()
    return [space.sample(rng) for _ in range(60)]


@pytest.fixture(scope="module")
def small(cells: list[Recipe]) -> Surrogate:
    """Fitted to losses that fall with the number of nodes; the largest cells diverge."""
    return fit(cells, np.array([synthetic_loss(cell) for cell in cells]), workers=1)


def synthetic_loss(cell: Recipe) -> float:
    nodes = len(cell.nodes)
    return float("nan") if nodes > 9 else 6 - nodes / 10


def test_predictions_follow_the_losses(small: Surrogate, cells: list[Recipe]) -> None:
    predicted = small.predict(cells)
    losses = np.array([synthetic_loss(cell) for cell in cells])
    finite = np.isfinite(losses)
    assert np.corrcoef(predicted.loss[finite], losses[finite])[0, 1] > 0.8
    assert (predicted.std > 0).all()
    assert (predicted.seconds_per_epoch > 0).all()
    assert predicted.divergence[~finite].min() > predicted.divergence[finite].mean()
    assert evaluate(small, cells, losses).overall.kendall > 0.6
    kept = [cell for cell, ok in zip(cells, finite, strict=True) if ok]
    assert fit(kept, losses[finite], workers=1).predict(cells).divergence.max() < 0.01


def test_equal_cells_have_equal_predictions(small: Surrogate, cells: list[Recipe]) -> None:
    names = ("loss", "std", "seconds_per_epoch", "divergence")
    twice = small.predict([cells[0], cells[1], cells[0].canonical])
    fresh = fit_again(small).predict(cells[:1])
    for name in names:
        values = getattr(twice, name)
        assert values[0] == values[2]
        assert getattr(fresh, name)[0] == values[0]
    assert small.predict([]).loss.shape == (0,)


def fit_again(surrogate: Surrogate) -> Surrogate:
    """The same models with nothing remembered."""
    return replace(surrogate, _cache=RowCache())


def test_other_processes_compute_the_same_features(
    cells: list[Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nni_nlp_bench.benchmarks.surrogate.features.WORTH_PROCESSES", 2)
    alone, shared_out = features(cells, workers=1), features(cells, workers=2)
    assert np.array_equal(alone, shared_out)
    assert alone.shape == (len(cells), len(feature_names()))


def test_runs_of_a_cell_are_averaged_over_the_finite_ones() -> None:
    lstm, gru, rnn = NAMED
    runs = [lstm, gru, lstm.canonical, rnn, lstm]
    found = cells_of_runs(runs, np.array([4.0, np.nan, 5.0, np.inf, np.nan]))
    by_key = dict(zip(found.recipes, zip(found.loss, found.diverged, strict=True), strict=True))
    assert by_key[lstm] == (4.5, pytest.approx(1 / 3))
    assert np.isnan(by_key[gru][0])
    assert by_key[rnn][1] == 1
    with pytest.raises(BenchmarkError, match="one loss per recipe"):
        cells_of_runs(runs, np.array([4.0]))


def test_too_few_cells_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="needs 20 cells"):
        fit(NAMED, np.array([4.6, 4.7, np.nan]))


def test_a_saved_surrogate_predicts_the_same(
    small: Surrogate, cells: list[Recipe], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        save_surrogate(small, tmp_path / name)
    assert (tmp_path / "a" / MODEL).read_bytes() == (tmp_path / "b" / MODEL).read_bytes()
    loaded = load_surrogate(tmp_path / "a")
    assert (loaded.predict(cells).loss == small.predict(cells).loss).all()
    assert (loaded.predict(cells).std == small.predict(cells).std).all()
    assert loaded.training_time == small.training_time
    assert loaded.lowest_loss == small.lowest_loss


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "surrogate"
    with pytest.raises(BenchmarkError, match=rf"{METADATA} is missing: install"):
        load_surrogate(folder)
    shutil.copytree(PTB_FOLDER, folder)
    content = bytearray((folder / MODEL).read_bytes())
    content[1000] ^= 1
    (folder / MODEL).write_bytes(content)
    with pytest.raises(BenchmarkError, match=rf"{MODEL} is damaged .*install") as caught:
        load_surrogate(folder)
    assert "\n" not in str(caught.value)
    (folder / MODEL).unlink()
    with pytest.raises(BenchmarkError, match=rf"{MODEL} is missing"):
        load_surrogate(folder)
    (folder / METADATA).write_text("{")
    with pytest.raises(BenchmarkError, match=rf"{METADATA} is not valid JSON"):
        load_surrogate(folder)
    (folder / METADATA).write_text("{}")
    with pytest.raises(BenchmarkError, match="does not describe a surrogate"):
        load_surrogate(folder)


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PTB_FOLDER, tmp_path / "old")
    file = tmp_path / "old" / METADATA
    metadata = json.loads(file.read_text())
    for key, value, message in (("features", [], "other features"), ("format_version", 0, "not 2")):
        file.write_text(json.dumps(metadata | {key: value}))
        with pytest.raises(BenchmarkError, match=message):
            load_surrogate(tmp_path / "old")


def test_packaged_surrogate_on_the_named_cells() -> None:
    predicted = ptb_surrogate().predict(NAMED)
    assert predicted.loss == pytest.approx([4.6, 4.6, 5.1], abs=0.2)
    assert predicted.loss[0] < predicted.loss[2]
    assert predicted.loss[1] < predicted.loss[2]
    assert (predicted.divergence[[0, 2]] < 0.1).all()
    assert ptb_surrogate() is ptb_surrogate()


def test_packaged_surrogate_says_what_it_is() -> None:
    metadata = ptb_surrogate().metadata
    assert "Serianni" in metadata["citation"]
    assert "CC BY 4.0" in metadata["licence"]
    figures = metadata["cross_validation"]
    assert figures["overall"]["kendall"] > 0.8
    assert figures["below"]["5.5"]["kendall"] > 0.75
    assert figures["below"]["4.75"]["kendall"] > 0.45
    assert abs(figures["optimism"]["20"]) < 0.015
    assert abs(figures["optimism"]["50"]) < 0.015
    assert 0.85 < figures["overall"]["coverage"] < 0.95
    assert sum(file.stat().st_size for file in PTB_FOLDER.iterdir()) < 5_000_000


@pytest.mark.slow
def test_a_quick_fit_ranks_cells_it_has_not_seen(shared: Shared) -> None:
    recipes, losses = read_losses(shared(TABLE))
    keys = np.array([recipe.canonical_key for recipe in recipes])
    names = np.random.default_rng(3).permutation(np.unique(keys))
    train, test = names[:700], names[700:1300]
    quick = fit(*runs_of(train, keys, recipes, losses))
    report = evaluate(quick, *runs_of(test, keys, recipes, losses))
    assert report.overall.kendall > 0.74
    assert report.below[5.5].kendall > 0.68
    assert 0.85 <= report.overall.coverage <= 0.95


def runs_of(
    names: NDArray[np.str_], keys: NDArray[np.str_], recipes: list[Recipe], losses: NDArray
) -> tuple[list[Recipe], NDArray]:
    chosen = np.flatnonzero(np.isin(keys, names))
    return [recipes[i] for i in chosen], losses[chosen]


@pytest.mark.slow
def test_cross_validation_never_shows_a_cell_to_its_judge(
    cells: list[Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses at random cannot be predicted: any agreement would be a leak."""
    monkeypatch.setattr("nni_nlp_bench.benchmarks.surrogate.gaussian_process.UPDATES", 5)
    losses = np.random.default_rng(0).uniform(4, 5, len(cells))
    report = fitting.cross_validate(cells * 2, np.tile(losses, 2), thresholds=[4.5], workers=1)
    assert report.overall.cells == len(set(cells))
    assert abs(report.overall.kendall) < 0.3
    assert report.overall.r2 < 0.2
    assert report.below[4.5].cells < report.overall.cells


def test_training_time_of_the_published_logs(shared: Shared) -> None:
    import zipfile

    recipes, seconds = [], []
    with zipfile.ZipFile(shared("nas-bench-nlp/wikitext2_logs.zip")) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                log = json.loads(archive.read(name))
                recipes.append(Recipe.from_json(log["recepie"]))
                seconds.append(float(np.median(log["wall_times"])))
    measured = np.array(seconds)
    assert TrainingTime.fit(recipes, measured).skeleton_s == pytest.approx(
        WIKITEXT_2_TIME.skeleton_s, abs=0.01
    )
    predicted = WIKITEXT_2_TIME.seconds_per_epoch(recipes)
    assert np.median(abs(predicted / measured - 1)) < 0.02
    assert PTB_TIME.seconds_per_epoch(NAMED) == pytest.approx(
        WIKITEXT_2_TIME.seconds_per_epoch(NAMED) * 0.44507, rel=1e-4
    )


def test_a_wrong_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    file.write_text("recipe,loss\n{},1\n")
    with pytest.raises(BenchmarkError, match=r"losses\.csv has no column 'test_loss'"):
        read_losses(file)
    file.write_text("recipe,test_loss\n{},good\n")
    with pytest.raises(BenchmarkError, match=r"losses\.csv is not a table of losses"):
        read_losses(file)


def test_scores_by_hand() -> None:
    """Normal scores below the median, ranks above; equal losses share their score."""
    scores = to_scores(np.array([4.0, 3.0, 9.0, 3.0]))
    assert scores[1] == scores[3] == pytest.approx(-0.6744898)  # the normal quantile of .25
    assert scores[[0, 2]] == pytest.approx(np.sqrt(2 * np.pi) * np.array([0.125, 0.375]))


def test_scores_and_losses_are_inverse() -> None:
    losses = np.sort(np.random.default_rng(0).normal(5, 0.3, 2000))
    scale = TailScale.fit(losses)
    inner = losses[110:1990]
    assert scale.to_loss(to_scores(losses)[110:1990]) == pytest.approx(inner, abs=0.02)


def test_losses_have_no_floor_that_scores_share() -> None:
    """Far below the training cells, losses still differ, and approach a bound."""
    losses = np.random.default_rng(0).normal(5, 0.3, 2000)
    scale = TailScale.fit(losses)
    found = scale.to_loss(np.linspace(-30, 3, 400))
    assert (np.diff(found) > 0).all()
    assert scale.floor < found[0] < losses.min()
    assert losses.min() - scale.floor < 0.2


def test_ranks_and_losses_by_hand() -> None:
    """The scale of version 1: its ends are the extreme losses."""
    scale = RankScale(np.array([3.0, 4.0, 8.0]))
    ranks = np.array([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0])
    assert scale.to_loss(ranks).tolist() == [3.0, 3.0, 3.5, 4.0, 6.0, 8.0, 8.0]
