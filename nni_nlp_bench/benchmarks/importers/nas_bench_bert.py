"""Import of NAS-Bench-BERT: GLUE scores of 500 encoders (Serianni and Kalita, 2023).

`BERT_benchmark.json` has one entry per encoder: its configuration, the seconds of pre-training,
and a score per task. `nas_runner.ipynb` of the same repository describes the fields.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.parse_json import read_json
from search_spaces.encoder.configuration import from_configuration

GLUE = "glue"
"""Name of the mean over the tasks."""
TASKS = ("cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst", "sts")
MAX_BYTES = 2**26
NOTES = (
    "scores are those on the development sets of GLUE after one fine-tuning for each task",
    "times are those of the pre-training alone: 100,000 steps on 8 cores of a TPU",
)


def read_nas_bench_bert(
    source: Path, task: str | None = None, progress: Progress = no_progress
) -> Reading:
    """Read the scores of one task, or of all (`glue`, the default), as points below 100.

    Raises BenchmarkError for an unknown task, or a damaged or different file.
    """
    task = task or GLUE
    if task not in (GLUE, *TASKS):
        raise BenchmarkError(f"no task {task!r}; known: {', '.join((GLUE, *TASKS))}")
    entries = _entries(source)
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    for number, entry in enumerate(entries):
        name = f"entry {number:03}"
        try:
            runs.append(_run(name, entry, task))
        except UserError as error:
            skipped.append(Skipped(name, str(error)))
        progress(number + 1, len(entries))
    return Reading(
        tuple(runs),
        tuple(skipped),
        NOTES,
        has_curves=False,
        space="encoder",
        unit=LossUnit.POINTS,
        epochs=1,
    )


def _entries(source: Path) -> list[Any]:
    entries = read_json(source, BenchmarkError, max_bytes=MAX_BYTES, allow_nan=True)
    if not isinstance(entries, list):
        raise BenchmarkError(f"{source} is no BERT_benchmark.json: it holds no list of encoders")
    return entries


def _run(name: str, entry: Any, task: str) -> TrainingRun:
    try:
        if not entry["completed"]:
            raise BenchmarkError("its training was not completed")
        configuration = entry["hparams"]["model_hparam_overrides"]
        numbers = entry["id"], entry["scores"][task], entry["time_to_train"]
    except (KeyError, TypeError, IndexError) as error:
        raise BenchmarkError(f"a field is missing or of another kind ({error!r})") from None
    recipe_id, score, seconds = map(_number, numbers)
    return TrainingRun(
        architecture=from_configuration(json.dumps(configuration)),
        name=name,
        val_loss=np.array([100 - score]),
        wall_time_s=np.array([seconds]),
        recipe_id=int(recipe_id),
        dataset=task,
    )


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise BenchmarkError(f"not a number: {str(value)[:40]!r}")
