"""NAS-Bench-BERT: from the published file to a benchmark that searches ask."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.catalogue import download_benchmark, load
from nni_nlp_bench.benchmarks.entries.nas_bench_bert import NAS_BENCH_BERT
from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.importers.nas_bench_bert import GLUE, TASKS
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
from nni_nlp_bench.benchmarks.surrogate.storage import save_surrogate
from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search
from search_spaces.encoder.published import published_encoder

Shared = Callable[[str], Path]
ENTRY = {
    "id": 7,
    "completed": True,
    "time_to_train": 1800.0,
    "scores": dict.fromkeys((GLUE, *TASKS), 70.0) | {"rte": 55.5},
    "hparams": {
        "model_hparam_overrides": {
            "hidden_size": 128,
            "nas_config": {
                "encoder_layers": [
                    {
                        "operation_type": "LT",
                        "operation_parameter": "DFT",
                        "num_operation_heads": 2,
                        "feed_forward_dimension": 512,
                        "num_feed_forward": 1,
                    }
                ]
                * 2
            },
        }
    },
}


def write(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps(entries))
    return path


@pytest.fixture
def glue(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The published table, downloaded from a local copy."""
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tmp_path / "cache"))
    file = shared("nas-bench-bert/BERT_benchmark.json")
    report = download_benchmark(NAS_BENCH_BERT.name, rng=np.random.default_rng(0), file=file)
    assert report is not None
    assert (report.read, report.kept) == (500, 500)
    assert (NAS_BENCH_BERT.folder / "BERT_benchmark.json").is_file()
    table = load(NAS_BENCH_BERT.name)
    assert isinstance(table, Table)
    return table


def test_the_published_table(glue: Table, shared: Shared) -> None:
    assert (glue.unit, glue.objective, glue.space_name) == (LossUnit.POINTS, "val_loss", "encoder")
    published = json.loads(shared("nas-bench-bert/BERT_benchmark.json").read_text())
    losses = glue.arrays["val_loss"][:, 0]
    assert (glue.metadata.runs, len(glue)) == (500, 491)
    for entry in published:
        encoder = published_encoder(str(entry["id"]))
        run = glue.recipe_ids(encoder).index(entry["id"])
        result = glue.query(encoder, seed=run)
        assert result.val_loss == pytest.approx(100 - entry["scores"]["glue"])
        assert result.wall_time_s == entry["time_to_train"]
    assert glue.lowest_loss == losses.min() == pytest.approx(100 - 75.13)
    info = table_info(glue)
    assert info.best_metric == pytest.approx(75.13)
    assert (info.ok, info.dataset, info.licence) == (500, "glue", "CC BY 4.0")


def test_the_score_is_the_mean_over_the_tasks(shared: Shared, tmp_path: Path) -> None:
    source = shared("nas-bench-bert/BERT_benchmark.json")
    tables = {}
    for task in (GLUE, *TASKS):
        import_benchmark(source, "nas-bench-bert", tmp_path / task, dataset=task)
        tables[task] = Table.load(tmp_path / task).arrays["val_loss"]
    mean = np.mean([tables[task] for task in TASKS], axis=0)
    np.testing.assert_allclose(tables[GLUE], mean)


@pytest.mark.parametrize("strategy", ["random", "regularized_evolution", "local_search"])
def test_a_search_of_the_table_finds_good_encoders(glue: Table, strategy: str) -> None:
    settings = Settings(budget=Budget(100))
    trials = run_search(glue, Search(StrategyConfig.of(strategy), 0, settings)).trials
    assert len(trials) == 100
    assert max(trial.score for trial in trials) > -27


def test_a_surrogate_answers_for_any_encoder(shared: Shared, tmp_path: Path) -> None:
    entries = json.loads(shared("nas-bench-bert/BERT_benchmark.json").read_text())
    source = write(tmp_path / "few.json", *entries[:90])
    import_benchmark(source, "nas-bench-bert", tmp_path / "few")
    surrogate = surrogate_of(Table.load(tmp_path / "few"), workers=1)
    assert (surrogate.space_name, surrogate.unit) == ("encoder", LossUnit.POINTS)
    others = [published_encoder(str(entry["id"])) for entry in entries[90:]]
    results = surrogate.query_all(others)
    assert {result.origin for result in results} == {"predicted"}
    measured = [100 - entry["scores"]["glue"] for entry in entries[90:]]
    assert kendalltau([result.val_loss for result in results], measured).statistic > 0.65
    seconds = np.array([entry["time_to_train"] for entry in entries[90:]])
    wrong = [result.wall_time_s for result in results] / seconds - 1
    assert np.median(abs(wrong)) < 0.05
    fitted = surrogate.predictor
    assert isinstance(fitted, Surrogate)
    with pytest.raises(BenchmarkError, match="space encoder cannot be saved"):
        save_surrogate(fitted, tmp_path / "saved")


def test_a_task_of_ones_own(tmp_path: Path) -> None:
    source = write(tmp_path / "small.json", ENTRY)
    report = import_benchmark(source, "nas-bench-bert", tmp_path / "rte", dataset="rte")
    assert "development sets" in report.notes[0]
    assert "pre-training alone" in report.notes[1]
    table = Table.load(tmp_path / "rte")
    (encoder,) = table.architectures()
    assert table.query(encoder).val_loss == 44.5
    assert table.metadata.dataset == "rte"
    with pytest.raises(BenchmarkError, match="no task 'wnli'; known: glue, cola"):
        import_benchmark(source, "nas-bench-bert", tmp_path / "wnli", dataset="wnli")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"completed": False}, "was not completed"),
        ({"scores": {}}, "a field is missing .*glue"),
        ({"hparams": None}, "a field is missing or of another kind"),
        ({"scores": {"glue": "high"}}, "not a number: 'high'"),
        ({"time_to_train": float("nan")}, "not a number: 'nan'"),
        ({"hparams": {"model_hparam_overrides": {"hidden_size": 64}}}, "must look like"),
    ],
)
def test_one_bad_entry_is_named_and_skipped(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "small.json", ENTRY, ENTRY | change, 3)
    report = import_benchmark(source, "nas-bench-bert", tmp_path / "table")
    assert report.kept == 1
    assert [skipped.name for skipped in report.skipped] == ["entry 001", "entry 002"]
    assert re.search(reason, report.skipped[0].reason)


def test_another_json_file_is_refused(tmp_path: Path) -> None:
    for text in ("{}", "[", "", "[1e999]"):
        source = tmp_path / "other.json"
        source.write_text(text)
        with pytest.raises(BenchmarkError, match=r"other\.json"):
            import_benchmark(source, "nas-bench-bert", tmp_path / "table")
    assert not (tmp_path / "table").exists()
