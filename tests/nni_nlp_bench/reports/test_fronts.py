"""Reports on searches with several objectives."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from grid_benchmark import GridBenchmark
from hypothesis import given
from hypothesis import strategies as st

import nni_nlp_bench as nb
from nni_nlp_bench.core.pareto import hypervolume
from nni_nlp_bench.reports.front_plot import attainment
from nni_nlp_bench.reports.hypervolume import (
    HypervolumeUnit,
    ReferenceFront,
    SearchFront,
    full_front,
    reference_front,
)
from nni_nlp_bench.reports.page.html_report import render_html
from nni_nlp_bench.reports.readers.comparison_folder import read_comparison
from nni_nlp_bench.reports.sections import make_sections

GRID = GridBenchmark()
OBJECTIVES = ("val_loss", "parameters")
REFERENCE = ReferenceFront((0.0, 0.0), (2.0, 1.0), ((0.0, 0.0),), "front of a test", known=True)
losses = st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fronts") / "out"


@pytest.fixture(scope="module")
def compared(folder: Path) -> nb.ComparisonResult:
    strategies = ["random", "regularized_evolution", "ehvi"]
    return nb.compare(GRID, strategies, n_trials=25, seeds=6, objectives=OBJECTIVES, out=folder)


def search_front(points: list[tuple[float, float]]) -> SearchFront:
    objectives = tuple(GRID.objectives[name] for name in OBJECTIVES)
    return SearchFront(objectives, np.array(points), tuple(range(len(points))), REFERENCE)


@given(losses)
def test_the_missing_hypervolume_is_exact_after_every_evaluation(
    points: list[tuple[float, float]],
) -> None:
    array = np.array(points)
    scaled = array / [2.0, 1.0]
    expected = [
        100 * (1 - hypervolume(scaled[: i + 1], (1.05, 1.05)) / 1.05**2) for i in range(len(array))
    ]
    assert REFERENCE.missing(array) == pytest.approx(expected)


def test_a_failure_adds_nothing() -> None:
    found = REFERENCE.missing(np.array([[np.nan, np.nan], [2.0, 0.0], [np.nan, np.nan]]))
    assert np.isnan(found[0]) and found[1] == found[2] == pytest.approx(100 * (1 - 0.05 / 1.05))


def test_the_full_front_is_the_reference_until_searches_find_more() -> None:
    objectives = tuple(GRID.objectives[name] for name in OBJECTIVES)
    full = full_front(GRID, objectives)
    assert full is not None and full.known
    assert len(full.front) <= len(GRID.exact_front(*OBJECTIVES))
    assert reference_front([SearchFront(objectives, np.array(full.front), (), full)]) is full
    better = np.array([full.low]) - 1.0
    joint = reference_front([SearchFront(objectives, better, (), full)])
    assert not joint.known and joint.front == tuple(map(tuple, better.tolist()))
    alone = reference_front([SearchFront(objectives, better, (), None)])
    assert alone.meaning == "front of all searches"


def test_an_exhaustive_search_misses_nothing() -> None:
    result = nb.compare(GRID, ["random"], n_trials=125, seeds=1, objectives=OBJECTIVES)
    (summary,) = result.summaries
    assert summary.regret == pytest.approx(0, abs=1e-9)
    assert summary.best_metric == pytest.approx(100)
    assert {*result.pareto_front()["canonical_key"]} <= GRID.exact_front(*OBJECTIVES)


def test_strategies_are_ranked_and_tested_by_hypervolume(compared: nb.ComparisonResult) -> None:
    ranking = compared.ranking()
    assert ranking.index[0] == "ehvi"
    assert (ranking["hypervolume"] + ranking["regret"]).to_numpy() == pytest.approx(100)
    assert compared.reference.unit is HypervolumeUnit.PERCENT
    assert str(compared.reference) == "the full front of grid"


def test_a_folder_is_read_as_it_was_compared(compared: nb.ComparisonResult, folder: Path) -> None:
    source = read_comparison(folder)
    (section,) = make_sections([source])
    assert section.benchmark == "grid (val_loss, parameters)"
    read = {row.strategy: row.regret for row in section.ranked}
    assert read == pytest.approx({row.strategy: row.regret for row in compared.ranked})
    assert section.friedman is not None and section.friedman.p_value < 0.05
    rows = list(csv.DictReader((folder / "front.csv").open()))
    joint = {row["canonical_key"] for row in rows if row["on_joint_front"] == "True"}
    assert joint == {*compared.pareto_front()["canonical_key"]}
    assert (folder / "curve.png").stat().st_size > 10_000
    page = render_html([source], [section])
    assert "Pareto fronts" in page and "hypervolume" in page and "Best architectures" not in page


def test_half_of_the_searches_attain_the_median() -> None:
    searches = [
        search_front(points) for points in ([(1.0, 0.5)], [(0.5, 0.5), (0.2, 0.8)], [(0.8, 0.9)])
    ]
    found = attainment(searches, np.array([0.1, 0.5, 0.8, 1.0]))
    np.testing.assert_array_equal(found[1], [np.nan, 1.0, 1.0, 0.8])
