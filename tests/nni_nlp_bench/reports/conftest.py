"""Made-up searches, and NNI's database."""

from __future__ import annotations

import json
import math
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.reports.readers.nni_experiment import Metric, NniExperiment, TrialJob
from nni_nlp_bench.reports.searches import BestArchitecture, Counts, Curve, SearchRecord
from search_spaces.registry import get_space

# Schema of NNI 3.0.
TABLES = """
CREATE TABLE TrialJobEvent (timestamp integer, trialJobId text, event text, data text,
    logPath text, sequenceId integer, message text, environmentId text);
CREATE TABLE MetricData (timestamp integer, trialJobId text, parameterId text, type text,
    sequence integer, data text);
CREATE TABLE ExperimentProfile (params text, id text, execDuration integer, startTime integer,
    endTime integer, logDir text, nextSequenceId integer, revision integer);
"""


def cell(number: int) -> str:
    """Return the JSON text of a random cell."""
    text: str = get_space("rnn_cell").sample(np.random.default_rng(number)).to_json()
    return text


def search_results(
    losses: Sequence[float], optimum: float = 0.0, **changes: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the metrics of the trial of a search: intermediate results and final result."""
    records: list[dict[str, Any]] = []
    incumbent = math.nan
    for i, loss in enumerate(losses):
        better = not loss >= incumbent and not math.isnan(loss)
        incumbent = loss if better else incumbent
        shown = math.log(10_000) if math.isnan(incumbent) else incumbent
        record = {"default": shown - optimum, "loss": shown, "hours": 2.0 * (i + 1), "predicted": 1}
        if math.isnan(incumbent):
            record["failed"] = 1
        new = {
            "space": "rnn_cell",
            "architecture": cell(i),
            "source": "synthetic",
            "origin": "predicted",
        }
        records.append(record | (new if better else {}) | changes)
    final = {
        **{key: records[-1][key] for key in ("default", "loss", "hours")},
        "perplexity": math.exp(records[-1]["loss"]),
        "evaluations": len(losses),
        "failed": sum(map(math.isnan, losses)),
        "predicted": len(losses),
        "replaced": 1,
    }
    return records, final


@pytest.fixture
def make_experiment() -> Callable[..., NniExperiment]:
    """Factory of experiments from (parameters, intermediate results, final result, status)."""

    def make(
        trials: Sequence[tuple[Mapping[str, Any], Sequence[Any], Any, str]], **config: Any
    ) -> NniExperiment:
        jobs, metrics = [], []
        for i, (parameters, intermediates, final, status) in enumerate(trials):
            ended = None if status == "RUNNING" else 1000 * i + 900
            jobs.append(TrialJob(f"T{i}", status, i, parameters, ended))
            for k, data in enumerate(intermediates):
                metrics.append(Metric(f"T{i}", i, "PERIODICAL", k, 1000 * i + k, data))
            if final is not None:
                metrics.append(Metric(f"T{i}", i, "FINAL", 0, 1000 * i + 800, final))
        # NNI stores metrics of parallel trials interleaved and out of order.
        random.Random(0).shuffle(metrics)
        config = {"experimentName": "invented", "tuner": {"name": "GridSearch"}, **config}
        return NniExperiment("abcd1234", config, tuple(jobs), tuple(metrics))

    return make


@pytest.fixture
def search_experiment(make_experiment: Callable[..., NniExperiment]) -> NniExperiment:
    """Two strategies with three seeds each, one still running; the optimum is 4.5 nats."""
    trials: list[tuple[dict[str, Any], list[dict[str, Any]], Any, str]] = []
    for strategy, start in (("random", 5.2), ("local_search", 5.0)):
        for seed in range(3):
            losses = [math.nan, start, start + 0.3, start - 0.1 * (seed + 1)]
            intermediates, final = search_results(losses, optimum=4.5)
            trials.append(({"strategy": strategy, "seed": seed}, intermediates, final, "SUCCEEDED"))
    trials[-1] = (*trials[-1][:2], None, "RUNNING")
    return make_experiment(trials)


@pytest.fixture
def store() -> Callable[[NniExperiment, Path], Path]:
    """Factory that writes an experiment like NNI and returns its folder."""

    def write(experiment: NniExperiment, log_dir: Path) -> Path:
        folder = log_dir / experiment.id
        (folder / "db").mkdir(parents=True)
        with closing(sqlite3.connect(folder / "db" / "nni.sqlite")) as database, database:
            database.executescript(TABLES)
            for revision in (1, 2):
                profile = json.dumps({**experiment.config, "maxTrialNumber": revision})
                database.execute(
                    "INSERT INTO ExperimentProfile VALUES (?, ?, 0, 0, 0, '', 0, ?)",
                    (profile, experiment.id, 3 - revision),
                )
            for trial in experiment.trials:
                record = {"parameter_id": trial.parameter_id, "parameters": trial.parameters}
                events: list[tuple[str, int, str | None]] = [("RUNNING", 0, json.dumps(record))]
                if trial.ended_ms is not None:
                    events.insert(0, (trial.status, trial.ended_ms, None))
                for event, time, data in events:
                    database.execute(
                        "INSERT INTO TrialJobEvent VALUES (?, ?, ?, ?, '', 0, NULL, '')",
                        (time, trial.id, event, data),
                    )
            for m in experiment.metrics:
                encoded = json.dumps(json.dumps(m.data))
                database.execute(
                    "INSERT INTO MetricData VALUES (?, ?, ?, ?, ?, ?)",
                    (m.reported_ms, m.trial, str(m.parameter_id), m.kind, m.sequence, encoded),
                )
        return folder

    return write


@pytest.fixture
def make_record() -> Callable[..., SearchRecord]:
    """Factory of searches from the incumbent losses after each evaluation of one hour."""

    def make(strategy: str, seed: int | None, losses: Sequence[float], **more: Any) -> SearchRecord:
        hours = tuple(float(i + 1) for i in range(len(losses)))
        curve = Curve(tuple(losses), hours, tuple(losses))
        counts = Counts(len(losses), 0, len(losses), 0, 0)
        best = None
        if math.isfinite(losses[-1]):
            best = BestArchitecture(cell(len(strategy)), losses[-1], "predicted", "synthetic")
        fields = {
            "experiment": "invented",
            "space": "rnn_cell",
            "benchmark": "synthetic",
            "unit": LossUnit.NATS,
            "optimum": None,
            "counts": counts,
            "best": best,
        }
        return SearchRecord(strategy=strategy, seed=seed, curve=curve, **(fields | more))

    return make
