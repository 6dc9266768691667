"""The packaged benchmark `mini`: contents, build, searches."""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau

import nni_nlp_bench.benchmarks
from nni_nlp_bench.api.searches import search
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.mini import SCORES, SETTINGS, build, mini_cells, mini_tasks
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.training.task import train_task
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import NAMED, named_recipe

PACKAGE = Path(nni_nlp_bench.benchmarks.__path__[0]) / "mini"


@pytest.fixture(scope="module")
def table() -> Table:
    found = load("mini")
    assert isinstance(found, Table)
    return found


@pytest.mark.slow
def test_table_has_a_thousand_cells_with_curves(table: Table) -> None:
    assert len(table) >= 1_000
    assert table.epochs == SETTINGS.epochs == 10
    assert table.has_curves
    assert table.metadata.dataset == "pydoc-small"
    states = Counter(cell.hidden_states for cell in table.architectures())
    assert min(states.values()) > 200
    assert {cell.canonical_key for cell in table.architectures()} <= {
        recipe.canonical_key for _, recipe in mini_cells(len(table))
    }
    assert sum(file.stat().st_size for file in PACKAGE.rglob("*")) < 3_000_000


def test_seeds_of_the_trainings() -> None:
    ids = [recipe_id for recipe_id, _ in mini_cells(4)]
    planned = [(task.recipe_id, task.settings.seed) for task in mini_tasks(cells=4, repeated=2)]
    assert planned == [(i, 0) for i in ids] + [(i, seed) for seed in (1, 2) for i in ids[:2]]


def test_named_cells_come_first(table: Table) -> None:
    losses = {
        name: np.mean(
            [
                table.query(named_recipe(name), seed=k).val_loss
                for k in table.seeds(named_recipe(name))
            ]
        )
        for name in NAMED
    }
    assert losses["lstm"] < losses["gru"] < losses["rnn"]


def test_scores_of_the_cells(table: Table) -> None:
    with (PACKAGE / "scores.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["canonical_key"] for row in rows] == [
        cell.canonical_key for cell in table.architectures()
    ]
    assert set(SCORES) <= set(rows[0])
    parameters = [float(row["num_params"]) for row in rows]
    first_runs = table.arrays["first_run"][:-1]
    assert parameters == table.arrays["num_params"][first_runs].tolist()


@pytest.mark.slow
def test_training_is_reproducible(table: Table) -> None:
    """Up to floating-point differences between machines."""
    tasks = {task.recipe_id: task for task in mini_tasks()[:1_000]}
    log = train_task(tasks[1_000_002])
    known = table.query(named_recipe("gru"), seed=0)
    if log["corpus_digest"][:12] not in table.metadata.description:
        pytest.skip("this Python's documentation is another text than that of the table")
    assert log["val_losses"][-1] == pytest.approx(known.val_loss, rel=0.02)
    assert log["weight_drop"] == "trained"
    assert "weight drop `trained`" in table.metadata.description


def _marks(strategy: str) -> list[pytest.MarkDecorator]:
    framework, _, _ = strategy.partition(":")
    if framework == "naslib":
        return [pytest.mark.naslib]
    if framework in ("smac", "syne_tune"):
        return [pytest.mark.framework(framework), pytest.mark.slow]
    return [pytest.mark.slow] if strategy == "policy_rl" else []


@pytest.mark.parametrize(
    "strategy", [pytest.param(name, marks=_marks(name)) for name in STRATEGIES]
)
def test_strategies_search_the_table(
    table: Table, strategy: str, request: pytest.FixtureRequest
) -> None:
    if strategy.startswith("naslib:"):
        request.getfixturevalue("naslib_here")
    several = STRATEGIES.get(strategy).objective_counts[0] > 1
    objectives = ("val_loss", "parameters") if several else ()
    trials = search(table, strategy, n_trials=15, objectives=objectives).trials
    assert len(trials) == 15
    assert all(trial.result.origin == "measured" for trial in trials)
    assert max(trial.score for trial in trials) > -math.log(1_000)


def test_ranking_correlates_with_published_losses(
    table: Table, shared: Callable[[str], Path]
) -> None:
    """Weakly: data, size, epochs and weight drop differ; docs/mini.md has the correlations."""
    losses: dict[str, list[float]] = defaultdict(list)
    with gzip.open(shared("nas-bench-nlp/ptb_multi_run.csv.gz"), "rt") as stream:
        for row in csv.DictReader(stream):
            if row["test_loss"]:
                losses[row["recipe"]].append(float(row["test_loss"]))
    published = {Recipe.from_json(text): float(np.mean(found)) for text, found in losses.items()}
    pairs = [
        (result.val_loss, published[cell])
        for cell in table.architectures()
        if cell in published and (result := table.query(cell)).status == "OK"
    ]
    assert len(pairs) > 400
    assert kendalltau(*zip(*pairs, strict=True)).statistic > 0.2


@pytest.mark.slow
def test_interrupted_build_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 1:
            raise StopError

    with cluster(workers=1) as client:
        with pytest.raises(StopError):
            build(client, tmp_path, cells=2, repeated=1, progress=stop)
        (before,) = ((path, path.stat().st_mtime_ns) for path in (tmp_path / "logs").iterdir())
        table = build(client, tmp_path, cells=2, repeated=1)
    assert before[0].stat().st_mtime_ns == before[1]
    assert (len(table), table.metadata.runs) == (2, 4)
    assert list(table.seeds(named_recipe("rnn"))) == [0, 1, 2]
    assert len(Table.load(tmp_path / "table")) == 2
    with (tmp_path / "scores.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 2
