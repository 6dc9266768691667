"""The study of one-shot rankings at sizes of seconds."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("nni")
pytest.importorskip("torch")

from scipy.stats import kendalltau, spearmanr

from search_spaces.enas_cell import Cell

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def study() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXPERIMENTS)
        found: dict[str, Any] = {}
        for part in ("_statistics", "_losses", "_report", ""):
            found |= runpy.run_path(str(EXPERIMENTS / f"one_shot_ranking{part}.py"))
    return SimpleNamespace(**found)


@pytest.mark.parametrize(("kind", "expected"), [("kendall", kendalltau), ("spearman", spearmanr)])
def test_correlations_are_those_of_scipy(study: Any, kind: str, expected: Any) -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 8, 20).astype(float)
    other = (one + rng.normal(size=20)).round()
    found = study.agreement(one[None], other[None], [(0, 0)], kind)
    assert found.value == pytest.approx(expected(one, other).statistic)
    assert found.low < found.value < found.high


def test_resamples_weigh_architectures(study: Any) -> None:
    rng = np.random.default_rng(0)
    one, other, weights = rng.normal(size=12), rng.normal(size=12), study._resamples(12)
    drawn = np.repeat(np.arange(12), weights[7].astype(int))
    for function, expected in ((study._kendall, kendalltau), (study._spearman, spearmanr)):
        value = function(one, other, weights)[7]
        assert value == pytest.approx(expected(one[drawn], other[drawn]).statistic)


def test_regret_is_the_mean_over_all_subsets(study: Any) -> None:
    losses = np.array([[3.0, 1.0, 2.0, 5.0]])
    assert study.regret_of_pick(losses, losses, [(0, 0)], 1) == pytest.approx(2.75 - 1)
    assert study.regret_of_pick(losses, losses, [(0, 0)], 4) == 0
    worst = study.regret_of_pick(-losses, losses, [(0, 0)], 4)
    assert worst == pytest.approx(4)
    equal = study.regret_of_pick(np.zeros((1, 4)), losses, [(0, 0)], 3)
    assert equal == pytest.approx(2.75 - 1)


def test_cells_differ_and_the_first_ones_stay(study: Any) -> None:
    cells = study.draw_cells(3, 20)
    assert len({cell.canonical_key for cell in cells}) == 20
    assert study.draw_cells(3, 5) == cells[:5]
    with pytest.raises(study.UserError, match="take fewer"):
        study.draw_cells(1, 5)


def test_failed_and_missing_trainings(study: Any) -> None:
    cells = [
        Cell.from_json(f'{{"nodes": [[0, "{name}"]]}}') for name in ("tanh", "relu", "sigmoid")
    ]
    curves = {
        (0, 0): (3.0, 2.0),
        (0, 1): (3.0, 4.0),
        (1, 0): (3.0,),
        (2, 0): (3.0, None),
        (2, 1): (1.0, 2.0),
    }
    rows = [
        ("alone", cell, seed, epoch, loss, epoch)
        for (cell, seed), losses in curves.items()
        for epoch, loss in enumerate(losses, start=1)
    ]
    found = study.Losses.of(pd.DataFrame(rows, columns=study.COLUMNS), cells, 7.0)
    assert found.cells == [cells[0], cells[2]]
    assert found.alone.tolist() == [[2.0, 7.0], [3.0, 1.0]]
    assert found.after(1).tolist() == [[3.0, 3.0], [3.0, 1.0]]
    assert found.sound.alone.tolist() == [[2.0], [3.0]]


@pytest.mark.slow
def test_a_study_is_resumed(study: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"nodes": 3, "width": 4, "epochs": 2, "supernet_epochs": "1,2", "supernets": 2}

    def in_process(jobs: Any, path: Path, processes: int) -> None:
        for job in jobs:
            study.append_rows(path, study.COLUMNS, job())

    monkeypatch.setitem(study.main.__globals__, "run_all", in_process)
    options = {"strategies": "random_one_shot", "seeds": 2, "processes": 1, "corpus": "pydoc-small"}
    options |= {"learning_rate": 0.01, "supernet_learning_rate": 0.003}
    study.main(tmp_path, cells=2, **sizes, **options)
    first = pd.read_csv(tmp_path / "losses.csv")
    study.main(tmp_path, cells=3, **sizes, **options)
    rows = pd.read_csv(tmp_path / "losses.csv")
    pd.testing.assert_frame_equal(rows[: len(first)], first)
    added = rows[len(first) :]
    assert set(added["cell"]) == {study.SUPERNET, 2}
    assert len(rows[rows["source"] == "alone"]) == 3 * 2 * 2
    page = (tmp_path / "one_shot_ranking.md").read_text("utf-8")
    assert "3 cells, 2 trainings each, of which 0 failed" in page
    assert (tmp_path / "one_shot_ranking.png").stat().st_size > 1000
    other = {**sizes, "width": 8}
    with pytest.raises(study.UserError):
        study.main(tmp_path, cells=2, **other, **options)
