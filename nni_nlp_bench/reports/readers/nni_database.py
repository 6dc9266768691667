"""Read a running or finished experiment from NNI's database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.input_files import exists, is_file
from nni_nlp_bench.core.parse_json import parse_json, read_json
from nni_nlp_bench.core.sqlite import connect_read_only, limited
from nni_nlp_bench.reports.readers.nni_experiment import (
    ENDED,
    ExperimentError,
    NniExperiment,
    TrialJob,
    decode_metric,
    decode_trial,
    match_parameters,
)

DATABASE = Path("db", "nni.sqlite")
_LIST = Path("nni-experiments", ".experiment")
_WAIT_S = 10.0


def experiment_folder(experiment_id: str) -> Path:
    """Return the folder of an experiment in NNI's list of experiments.

    Raises:
        ExperimentError: the list lacks the experiment, or cannot be read.
    """
    path = Path.home() / _LIST
    try:
        remedy = "remove it, and NNI creates a new one"
        listed = read_json(path, ExperimentError, remedy) if exists(path) else {}
        known = {entry["id"]: Path(entry["logDir"], entry["id"]) for entry in listed.values()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ExperimentError(f"cannot read NNI's list of experiments {path}: {error}") from None
    if experiment_id not in known:
        names = ", ".join(sorted(known)) or "none"
        raise ExperimentError(
            f"{experiment_id}: not a folder, a URL or an experiment in NNI's list {path}; known: "
            f"{names}"
        )
    return known[experiment_id]


def read_database(folder: Path) -> NniExperiment:
    """Read the experiment in the folder `<logDir>/<id>` without changing it.

    Raises:
        ExperimentError: the database is missing or damaged.
    """
    path = folder / DATABASE
    if not is_file(path):
        raise ExperimentError(f"{path} is missing: not the folder of an NNI experiment")
    try:
        with closing(connect_read_only(path, ExperimentError, _WAIT_S)) as database:
            database.row_factory = sqlite3.Row
            return _experiment(database, path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ExperimentError(f"{path} is not a database of an NNI experiment: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ExperimentError(f"{path} is damaged: {error!r}") from None


def _experiment(database: sqlite3.Connection, path: Path) -> NniExperiment:
    profile = database.execute(
        "SELECT id, params FROM ExperimentProfile ORDER BY revision DESC LIMIT 1"
    ).fetchone()
    if profile is None:
        raise ExperimentError(f"{path} has no experiment: it was never started")
    events = database.execute(
        "SELECT trialJobId, event, data, timestamp FROM TrialJobEvent "
        "WHERE trialJobId <> '' ORDER BY timestamp, rowid"
    )
    metrics = database.execute(
        "SELECT trialJobId, parameterId, type, sequence, timestamp, data FROM MetricData "
        "WHERE type IN ('PERIODICAL', 'FINAL')"
    )
    results = tuple(decode_metric(dict(row)) for row in limited(metrics))
    return NniExperiment(
        id=profile["id"],
        config=parse_json(profile["params"]),
        trials=match_parameters(_trials(dict(row) for row in limited(events)), results),
        metrics=results,
    )


def _trials(events: Iterable[Mapping[str, Any]]) -> list[TrialJob]:
    """Return the trials from their events in chronological order; end states are final."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        found.setdefault(event["trialJobId"], []).append(event)
    trials = []
    for trial, trial_events in found.items():
        last = ([event for event in trial_events if event["event"] in ENDED] or trial_events)[-1]
        parameters = [event["data"] for event in trial_events if event["data"]]
        if parameters:  # otherwise it was stopped before it had parameters
            trials.append(decode_trial(trial, last["event"], parameters[-1], last["timestamp"]))
    return trials
