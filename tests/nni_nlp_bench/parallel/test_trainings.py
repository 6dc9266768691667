"""Searches on real trainings that run at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.training import TrainingBenchmark
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.parallel.execution import Execution, InProcess, OnCluster
from nni_nlp_bench.parallel.trainings import explorer
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search

pytest.importorskip("torch")
pytest.importorskip("distributed")

if TYPE_CHECKING:
    from distributed import Client


def trials(execution: Execution, folder: Path, data: Path) -> tuple[Trial, ...]:
    """Return the trials of a search in which trainings are paused and resumed."""
    made = nb.training_benchmark(data, "emd_cell", width=8, cells=1, epochs=4, batch_size=12)
    options = {"threads": 1, "checkpoints": folder}
    bench = TrainingBenchmark(made.words, made.space, made.settings, made.options, **options)
    strategy = StrategyConfig.of(("asha", {"eta": 2}))
    search = Search(strategy, 0, Settings(budget=Budget(8), workers=2))
    return run_search(bench, search, explore=explorer(execution, bench)).trials


@pytest.mark.slow
def test_workers_find_what_one_process_finds(client: Client, tmp_path: Path) -> None:
    """A training that one worker pauses is resumed by another."""
    rows = [f"so {word} today {i % 5}\t{word}" for i in range(20) for word in ("glad", "sad")]
    (tmp_path / "moods.tsv").write_text("\n".join(["text\tlabel", *rows]) + "\n", "utf-8")
    here = trials(InProcess(), tmp_path / "here", tmp_path / "moods.tsv")
    there = trials(
        OnCluster(client, tmp_path, "nni_nlp_bench.benchmarks.training"),
        tmp_path / "there",
        tmp_path / "moods.tsv",
    )
    epochs = [trial.result.epoch for trial in here]
    assert len(set(epochs)) > 1
    assert [trial.key for trial in there] == [trial.key for trial in here]
    assert [trial.result.epoch for trial in there] == epochs
    assert [trial.result.val_loss for trial in there] == [trial.result.val_loss for trial in here]
    assert all(trial.result.wall_time_s > 0 for trial in there)
