"""The study of one-shot rankings at sizes of seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("nni")
pytest.importorskip("torch")

import one_shot_ranking
from experiment_tables import append_rows
from one_shot_ranking_losses import COLUMNS, SUPERNET, Losses
from one_shot_ranking_statistics import (
    _kendall,
    _resamples,
    _spearman,
    agreement,
    regret_of_pick,
)
from scipy.stats import kendalltau, spearmanr

from nni_nlp_bench.core.errors import UserError
from search_spaces.enas_cell import Cell


@pytest.mark.parametrize(("kind", "expected"), [("kendall", kendalltau), ("spearman", spearmanr)])
def test_correlations_are_those_of_scipy(kind: str, expected: Any) -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 8, 20).astype(float)
    other = (one + rng.normal(size=20)).round()
    found = agreement(one[None], other[None], [(0, 0)], kind)
    assert found.value == pytest.approx(expected(one, other).statistic)
    assert found.low < found.value < found.high


def test_resamples_weigh_architectures() -> None:
    rng = np.random.default_rng(0)
    one, other, weights = rng.normal(size=12), rng.normal(size=12), _resamples(12)
    drawn = np.repeat(np.arange(12), weights[7].astype(int))
    for function, expected in ((_kendall, kendalltau), (_spearman, spearmanr)):
        value = function(one, other, weights)[7]
        assert value == pytest.approx(expected(one[drawn], other[drawn]).statistic)


def test_regret_is_the_mean_over_all_subsets() -> None:
    losses = np.array([[3.0, 1.0, 2.0, 5.0]])
    assert regret_of_pick(losses, losses, [(0, 0)], 1) == pytest.approx(2.75 - 1)
    assert regret_of_pick(losses, losses, [(0, 0)], 4) == 0
    worst = regret_of_pick(-losses, losses, [(0, 0)], 4)
    assert worst == pytest.approx(4)
    equal = regret_of_pick(np.zeros((1, 4)), losses, [(0, 0)], 3)
    assert equal == pytest.approx(2.75 - 1)


def test_cells_differ_and_the_first_ones_stay() -> None:
    cells = one_shot_ranking.draw_cells(3, 20)
    assert len({cell.canonical_key for cell in cells}) == 20
    assert one_shot_ranking.draw_cells(3, 5) == cells[:5]
    with pytest.raises(UserError, match="take fewer"):
        one_shot_ranking.draw_cells(1, 5)


def test_failed_and_missing_trainings() -> None:
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
    found = Losses.of(pd.DataFrame(rows, columns=COLUMNS), cells, 7.0)
    assert found.cells == [cells[0], cells[2]]
    assert found.alone.tolist() == [[2.0, 7.0], [3.0, 1.0]]
    assert found.after(1).tolist() == [[3.0, 3.0], [3.0, 1.0]]
    assert found.sound.alone.tolist() == [[2.0], [3.0]]


@pytest.mark.slow
def test_a_study_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"nodes": 3, "width": 4, "epochs": 2, "supernet_epochs": "1,2", "supernets": 2}

    def in_process(file: Path, columns: Any, jobs: Any, cluster: Any) -> None:
        for job in jobs.values():
            append_rows(file, columns, job())

    monkeypatch.setattr(one_shot_ranking, "run_jobs", in_process)
    options = {"strategies": "random_one_shot", "seeds": 2, "corpus": "pydoc-small"}
    options |= {"learning_rate": 0.01, "supernet_learning_rate": 0.003}
    one_shot_ranking.main(tmp_path, cells=2, **sizes, **options)
    first = pd.read_csv(tmp_path / "losses.csv")
    one_shot_ranking.main(tmp_path, cells=3, **sizes, **options)
    rows = pd.read_csv(tmp_path / "losses.csv")
    pd.testing.assert_frame_equal(rows[: len(first)], first)
    added = rows[len(first) :]
    assert set(added["cell"]) == {SUPERNET, 2}
    assert len(rows[rows["source"] == "alone"]) == 3 * 2 * 2
    page = (tmp_path / "one_shot_ranking.md").read_text("utf-8")
    assert "3 cells, 2 trainings each, of which 0 failed" in page
    assert (tmp_path / "one_shot_ranking.png").stat().st_size > 1000
    other = {**sizes, "width": 8}
    with pytest.raises(UserError):
        one_shot_ranking.main(tmp_path, cells=2, **other, **options)
