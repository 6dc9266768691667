"""Tasks in this process and on workers that share a folder."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.execution import Execution, InProcess, OnCluster, execution_on

pytest.importorskip("distributed")
sys.path.append(str(Path(__file__).parent))  # local workers inherit it
from parallel_tasks import (
    fails_with_progress,
    kills_its_worker,
    kills_its_worker_once,
    slow_square,
    with_progress,
)

if TYPE_CHECKING:
    from distributed import Client


def no_step(what: str, share: float) -> None:
    """Ignore the step."""


@pytest.fixture
def on_cluster(client: Client, tmp_path: Path) -> OnCluster:
    return OnCluster(client, tmp_path, "json")


def test_tasks_of_this_process_tell_their_progress(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    here = InProcess()
    value = here.call(with_progress, here.share([1, 2]), progress=lambda *step: steps.append(step))
    assert value == (3, str(Path.cwd()))
    assert steps == [("adding", 0.5)]


def test_tasks_of_workers_run_in_the_shared_folder(on_cluster: OnCluster, tmp_path: Path) -> None:
    numbers = [1, 2]
    shared = on_cluster.share(numbers)
    assert on_cluster.share(numbers) is shared
    found = on_cluster.call(with_progress, shared, progress=no_step)
    assert found == (3, str(tmp_path))


def test_as_many_jobs_run_at_a_time_as_there_are_workers(on_cluster: OnCluster) -> None:
    running, most, found = 0, 0, {}

    def job(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        found[number], _ = on_cluster.start(slow_square, number)()
        running -= 1

    on_cluster.each([partial(job, number) for number in range(4)])
    assert (most, found) == (2, {0: 0, 1: 1, 2: 4, 3: 9})


def test_an_error_ends_the_other_jobs(on_cluster: OnCluster) -> None:
    ended: list[int] = []

    def fail() -> None:
        on_cluster.call(fails_with_progress, progress=no_step)

    def work() -> None:
        for number in range(100):
            on_cluster.start(slow_square, number)()
            ended.append(number)

    start = time.monotonic()
    with pytest.raises(UserError, match="out of ideas"):
        on_cluster.each([work, fail])
    assert len(ended) < 20
    assert time.monotonic() - start < 20
    with pytest.raises(UserError, match="stopped by another error"):
        on_cluster.start(slow_square, 1)


@pytest.mark.slow
def test_a_task_whose_worker_is_killed_is_repeated(tmp_path: Path) -> None:
    with cluster(workers=1) as client:
        execution: Execution = OnCluster(client, tmp_path, "json")
        shared = execution.share([1, 2])
        found = execution.call(kills_its_worker_once, shared, tmp_path / "marker", progress=no_step)
        assert found == 3
        with pytest.raises(UserError, match="killed its workers, possibly out of memory"):
            execution.start(kills_its_worker, 1)()


def test_without_options_everything_runs_here() -> None:
    with execution_on(None, None, "json") as execution:
        assert (execution.workers, execution.threads) == (1, None)
        assert execution.start(os.getpid)() == os.getpid()
