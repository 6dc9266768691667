"""Train many cells and write logs in the format of NAS-Bench-NLP's release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.parallel.map import map_unordered
from nni_nlp_bench.training.log import log_name, write_log
from nni_nlp_bench.training.task import TrainingTask, train_task

if TYPE_CHECKING:
    from distributed import Client


def train_all(
    client: Client,
    tasks: Sequence[TrainingTask],
    logs: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Run the trainings without a log, and write each log atomically.

    Args:
        client: Dask client.
        tasks: Trainings to run.
        logs: Folder of the logs.
        progress: Called with the number of completed trainings and the total.

    Raises:
        ParallelError: a training failed.
    """
    missing = [task for task in tasks if not (logs / _file_name(task)).exists()]
    done = len(tasks) - len(missing)
    progress(done, len(tasks))
    for task, log in map_unordered(client, train_task, missing, name=_file_name):
        write_log(logs / _file_name(task), log)
        done += 1
        progress(done, len(tasks))


def _file_name(task: TrainingTask) -> str:
    return log_name(task.recipe, task.recipe_id, task.settings.seed)
