"""Searches of a comparison on a cluster: equal results, killed workers, jobs of a batch system."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from in_process import run as command

import nni_nlp_bench as nb
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.map import ParallelError
from nni_nlp_bench.parallel.searches import run_searches
from nni_nlp_bench.strategies.compare import Comparison, run_comparison
from nni_nlp_bench.strategies.configs import StrategyConfig

pytest.importorskip("distributed")
sys.path.append(str(Path(__file__).parent))  # local workers inherit it
from parallel_tasks import Fails, KillsItsWorkerOnce

if TYPE_CHECKING:
    from distributed import Client


def comparison(*strategies: str | StrategyConfig, seeds: int = 3) -> Comparison:
    configs = tuple(map(StrategyConfig.of, strategies))
    return Comparison(configs, tuple(range(seeds)), Settings(budget=Budget(8)))


def journals(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_cluster_writes_the_same_journals_as_this_machine(client: Client, tmp_path: Path) -> None:
    benchmark, wanted = nb.load("mini"), comparison("random", "regularized_evolution", "hyperband")
    done: list[tuple[str, int, float]] = []
    (here := tmp_path / "here").mkdir()
    local = run_comparison(benchmark, wanted, journals=here)
    run_searches(client, benchmark, wanted, tmp_path / "there", lambda *step: done.append(step))
    assert journals(tmp_path / "there") == journals(here)
    assert sorted(done) == sorted((r.strategy, r.seed, 1.0) for r in local)
    again = run_comparison(benchmark, wanted, journals=tmp_path / "there")
    assert [result.best_loss for result in again] == [result.best_loss for result in local]


def test_only_what_is_incomplete_is_run(client: Client, tmp_path: Path) -> None:
    """A journal that an interruption cut is continued, and one that is complete is left alone."""
    benchmark, wanted = nb.load("mini"), comparison("random", seeds=2)
    run_searches(client, benchmark, wanted, tmp_path)
    first, second = sorted(tmp_path.iterdir())
    whole, before = first.read_bytes(), second.stat().st_mtime_ns
    first.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    run_searches(client, benchmark, wanted, tmp_path)
    assert first.read_bytes() == whole
    assert second.stat().st_mtime_ns == before


def test_a_journal_of_another_search_is_refused(client: Client, tmp_path: Path) -> None:
    run_searches(client, nb.load("mini"), comparison("random", seeds=1), tmp_path)
    other = nb.load("nas-bench-nlp/ptb-surrogate")
    with pytest.raises(UserError, match="another benchmark"):
        run_searches(client, other, comparison("random", seeds=1), tmp_path)


def test_failing_searches_leave_the_others_complete(client: Client, tmp_path: Path) -> None:
    bad = StrategyConfig.of(Fails)
    with pytest.raises(ParallelError, match=r"1 of 2 failed: .*Fails, seed 0: out of ideas"):
        run_searches(client, nb.load("mini"), comparison(bad, "random", seeds=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["random-0.jsonl"]


@pytest.mark.slow
def test_a_killed_worker_loses_no_search(tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    config = StrategyConfig.of((KillsItsWorkerOnce, {"marker": str(marker)}))
    with cluster(workers=1) as client:
        run_searches(client, nb.load("mini"), comparison(config), tmp_path / "there")
    assert marker.exists()
    here = tmp_path / "here"
    here.mkdir()
    run_comparison(nb.load("mini"), comparison(config), journals=here)
    assert journals(tmp_path / "there") == journals(here)


SBATCH = """#!/bin/sh
cp "$1" "{folder}/$$.sh"
setsid sh "{folder}/$$.sh" >"{folder}/$$.out" 2>&1 &
echo $! >>{folder}/pids
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job; do kill -- "-$job" 2>/dev/null; done
exit 0
"""
CONFIGURATION = """jobqueue:
  slurm: {cores: 1, memory: 1GiB, processes: 1, walltime: "00:10:00", interface: lo,
          python: PYTHON, job-extra-directives: []}
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Slurm's two commands that are used, which run jobs on this machine at once."""
    pytest.importorskip("dask_jobqueue")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("sbatch", SBATCH.format(folder=programs)), ("scancel", SCANCEL)):
        (programs / name).write_text(text, "utf-8")
        (programs / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return programs


def running_process(pid: int) -> psutil.Process | None:
    """Return a process unless it has ended."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


@pytest.fixture
def configuration(slurm: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A configuration of dask-jobqueue, as if it were in the user's folder."""
    import dask

    text = CONFIGURATION.replace("PYTHON", sys.executable)
    (tmp_path / "jobqueue.yaml").write_text(text, "utf-8")
    dask.config.refresh(paths=[str(tmp_path)])
    request.addfinalizer(dask.config.refresh)


@pytest.mark.slow
def test_jobs_of_a_batch_system(
    slurm: Path, configuration: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--benchmark", "mini", "--strategies", "random", "--trials", "5", "--seeds", "3"]
    here = command("compare", *options, "--out", tmp_path / "here", "--json")
    jobs = ["--scheduler", "slurm", "--processes", "2", "--json"]
    there = command("compare", *options, "--out", tmp_path / "there", *jobs)
    assert there.returncode == 0, there.stderr
    assert journals(tmp_path / "there/journals") == journals(tmp_path / "here/journals")
    assert here.stdout.replace("here", "there") == there.stdout
    pids = (slurm / "pids").read_text("utf-8").split()
    assert len(pids) == 2
    running = [process for pid in pids if (process := running_process(int(pid)))]
    assert not psutil.wait_procs(running, timeout=30)[1]


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("tcp://127.0.0.1:1", "cannot connect to a Dask scheduler at tcp://127.0.0.1:1"),
        ("slurm", "jobqueue.slurm in ~/.config/dask/jobqueue.yaml"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheduler: str, message: str
) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setattr("nni_nlp_bench.parallel.cluster.CONNECT_S", 0.5)
    ran = command(
        "compare", "--benchmark", "mini", "--out", tmp_path / "out", "--scheduler", scheduler
    )
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
