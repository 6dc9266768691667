"""The comparison of strategies on all benchmarks, on a small table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from predictor_peers import PEERS
from strategy_comparison import main, ranked_only, select_tasks
from strategy_comparison_tasks import Task, losses_of, search

from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.testing import synthetic_table

NAMES = "random,regularized_evolution,guided"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    synthetic_table(120).save(folder / "cells")
    return folder


def test_rows_are_resumed_and_tables_are_of_all_seeds(tables: Path, tmp_path: Path) -> None:
    options = {"out": tmp_path, "strategies": NAMES, "tasks": "cells", "processes": 1}
    main(tables, seeds=3, **options)
    rows = tmp_path / "strategy_comparison.csv"
    first = pd.read_csv(rows)
    assert len(first) == 3 * 3
    kept = first.iloc[:-2]
    kept.to_csv(rows, index=False)
    main(tables, seeds=6, **options)
    again = pd.read_csv(rows)
    assert len(again) == 3 * 6
    deterministic = [column for column in first if column != "seconds"]
    same = first[deterministic].merge(again[deterministic])
    assert len(same) == len(first)
    regrets = again[["regret_5", "regret_10", "regret_25", "regret_50"]].to_numpy()
    assert (np.diff(regrets, axis=1) <= 1e-12).all() and (regrets >= 0).all()
    page = (tmp_path / "strategy_comparison.md").read_text("utf-8")
    assert "### `cells`, 6 seeds" in page
    assert (tmp_path / "strategy_comparison.png").stat().st_size > 1000


def test_halves_differ_by_seed_and_regret_is_from_their_own_best(tables: Path) -> None:
    task = Task(str(tables / "cells"), "halves")
    one, other = task.space(0).table, task.space(1).table
    assert len(one) == len(other) == task.benchmark.size // 2
    assert {a.canonical_key for a in one} != {a.canonical_key for a in other}
    config = StrategyConfig.of("random")
    row = search(task, config, 0)
    assert 0 <= row["regret_50"] <= row["regret_10"]
    lowest = np.nanmin(losses_of(task, task.space(0)))
    assert lowest >= task.benchmark.lowest_loss


def test_models_of_the_surrogate_s_features_are_left_out() -> None:
    configs = [StrategyConfig.of(name) for name in NAMES.split(",")]
    tasks = ("mini", "nas-bench-nlp/ptb-surrogate")
    rows = [{"task": t, "strategy": c.name} for t in tasks for c in configs]
    kept = ranked_only(pd.DataFrame(rows), configs)
    assert kept.groupby("task")["strategy"].agg(list).to_dict() == {
        "mini": NAMES.split(","),
        "nas-bench-nlp/ptb-surrogate": ["random", "regularized_evolution"],
    }


def test_a_pairwise_ranker_and_weak_predictors_keep_to_the_table(
    tables: Path,
) -> None:
    task = select_tasks(tables, "cells")[0]
    for name in ("weak_nas", "brp_nas"):
        kind, options = PEERS[name]
        strategy = kind(task.space(0), np.random.default_rng(0), 1, **options)
        keys = set()
        for _ in range(30):
            proposal = strategy.ask()
            keys.add(proposal.architecture.canonical_key)
            strategy.tell(proposal, -float(len(proposal.architecture.nodes)))
        assert len(keys) == 30
        assert keys <= {a.canonical_key for a in task.space(0).table}
