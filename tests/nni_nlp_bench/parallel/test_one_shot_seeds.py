"""One-shot searches with several seeds: equal results, interruptions, killed workers, summary."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from in_process import run as command

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.inputs import OneShotInputs
from nni_nlp_bench.one_shot.seeds import SeedResult, SeedsResult, read_seeds, seed_folder
from nni_nlp_bench.parallel.one_shot import OneShotSearch, search_seeds
from search_spaces.enas_cell import Cell, Node

pytest.importorskip("nni")
pytest.importorskip("distributed")

if TYPE_CHECKING:
    from nni_nlp_bench.one_shot.task import OneShotTask

CHAIN = Cell((Node(0, "tanh"), Node(1, "sigmoid"), Node(2, "tanh")))
FORK = Cell((Node(0, "tanh"), Node(1, "sigmoid"), Node(1, "tanh")))


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OneShotSearch:
    """A search on a short text, whose folder is named from the working directory."""
    folder = tmp_path / "text"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"{part}.txt").write_text("w0 w1 w2 w3 w4 w5\n" * 60, "utf-8")
    monkeypatch.chdir(tmp_path)
    sizes = {"epochs": 3, "nodes": 3, "width": 8, "batch_size": 4, "bptt": 6, "valid_windows": 4}
    return OneShotSearch("enas_cell", "enas", OneShotInputs("text"), {**sizes, "candidates": 2})


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As many threads of torch as workers have."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def search_alone(search: OneShotSearch, seed: int, out: Path, **options: Any) -> bytes:
    """Return best.json of the search with one seed in this process."""
    from nni_nlp_bench.one_shot.search import search_one_shot

    search_one_shot(search.task(seed), search.strategy, seed, out, **options)
    return (out / "best.json").read_bytes()


def kill_workers_after(file: Path) -> threading.Thread:
    """Kill the workers of this process once a file is there."""

    def watch() -> None:
        while not file.exists():
            time.sleep(0.01)
        for child in psutil.Process().children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                os.kill(child.pid, signal.SIGKILL)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.slow
def test_seeds_give_what_each_gives_alone(
    search: OneShotSearch, one_thread: None, tmp_path: Path
) -> None:
    """One search was complete and one interrupted before; then a worker is killed in a third."""
    out, task = tmp_path / "out", search.task(0)
    search_alone(search, 0, seed_folder(out, 0))
    complete = (seed_folder(out, 0) / "checkpoint.ckpt").stat().st_mtime_ns

    class StopError(Exception):
        pass

    def stop(reward: float) -> None:
        raise StopError

    with pytest.raises(StopError):
        search_alone(search, 1, seed_folder(out, 1), epoch_done=stop)
    started: list[tuple[int, int]] = []
    killer = kill_workers_after(seed_folder(out, 2) / "checkpoint.ckpt")
    found = search_seeds(
        search, task, [0, 1, 2], out, workers=1, progress=lambda *step: started.append(step)
    )
    killer.join(timeout=10)
    assert started == [(1, 3), (2, 3), (3, 3)]
    assert (seed_folder(out, 0) / "checkpoint.ckpt").stat().st_mtime_ns == complete
    for result in found.results:
        folder = seed_folder(out, result.seed)
        alone = search_alone(search, result.seed, tmp_path / f"alone-{result.seed}")
        assert (folder / "best.json").read_bytes() == alone
        assert json.loads(alone)["perplexity"] == result.value
    for seed in (1, 2):
        first, then = sessions(seed_folder(out, seed))
        assert (first, then > 0) == (0, True), "it went on from a checkpoint"
    assert found.best is not None
    best = seed_folder(out, found.best.seed) / "best.json"
    assert (out / "best.json").read_bytes() == best.read_bytes()


def sessions(folder: Path) -> list[float]:
    """Return the first epoch of each session of a search, by its logs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logs = [EventAccumulator(str(file)).Reload() for file in (folder / "tensorboard").glob("ev*")]
    with_epochs = [log for log in logs if "epoch" in log.Tags()["scalars"]]
    return sorted(min(event.value for event in log.Scalars("epoch")) for log in with_epochs)


@pytest.mark.slow
def test_the_command_prints_and_writes_the_summary(search: OneShotSearch, tmp_path: Path) -> None:
    """Its searches were run alone before."""
    sizes = {"epochs": 1, "nodes": 3, "width": 8, "batch_size": 4}
    for seed in (4, 5):
        search_alone(replace(search, settings=sizes), seed, seed_folder(tmp_path / "out", seed))
    options = ["one-shot", "--space", "enas_cell", "--strategy", "enas", "--corpus", "text"]
    options += ["--epochs", "1", "--nodes", "3", "--width", "8", "--batch-size", "4"]
    options += ["--seed", "4", "--seeds", "2", "--out", "out"]
    ran = command(*options, "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    summary = json.loads((tmp_path / "out/summary.json").read_text("utf-8"))
    assert told == {**summary, "out": "out"}
    assert [row["seed"] for row in summary["seeds"]] == [4, 5]
    shown = command(*options)
    assert f"{summary['mean']:.4g}" in shown.stdout
    assert f"seed {summary['best_seed']}: out/best.json" in shown.stdout
    other = command(*options, "--width", "16")
    assert other.returncode == 2
    assert "holds searches with several seeds with other options (settings.width)" in other.stderr


def test_workers_are_for_several_seeds(search: OneShotSearch, tmp_path: Path) -> None:
    options = ["one-shot", "--space", "enas_cell", "--strategy", "enas", "--corpus", "text"]
    ran = command(*options, "--workers", "2", "--out", "out")
    assert (ran.returncode, "give --seeds too" in ran.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def summary(tmp_path: Path, *values: float, maximize: bool = False) -> SeedsResult:
    cells = (CHAIN, FORK, CHAIN)
    results = tuple(SeedResult(i, cells[i], value) for i, value in enumerate(values))
    return SeedsResult(tmp_path, "enas_cell", "enas", "perplexity", maximize, results)


def test_the_best_is_by_the_direction_of_the_metric(tmp_path: Path) -> None:
    found = summary(tmp_path, 40.0, 30.0, 30.0)
    assert found.best == found.results[1]
    assert (found.mean, found.std) == (pytest.approx(100 / 3), pytest.approx(math.sqrt(100 / 3)))
    assert summary(tmp_path, 0.4, 0.3, maximize=True).best == SeedResult(0, CHAIN, 0.4)
    assert list(found.table["perplexity"]) == [40.0, 30.0, 30.0]


def test_a_seed_without_a_metric_is_not_the_best(tmp_path: Path) -> None:
    found = summary(tmp_path, math.nan, 30.0)
    assert found.best == found.results[1]
    assert math.isnan(found.mean)
    assert math.isnan(found.std)
    assert summary(tmp_path, math.nan).best is None
    assert math.isnan(summary(tmp_path, 40.0).std)


@pytest.fixture
def saved(search: OneShotSearch, tmp_path: Path) -> tuple[OneShotTask, Path]:
    """A complete search without its checkpoint."""
    from nni_nlp_bench.one_shot.files import write_files
    from nni_nlp_bench.one_shot.result import OneShotResult, ValidationResult

    task, out = search.task(0), tmp_path / "out"
    seed_folder(out, 0).mkdir(parents=True)
    result = OneShotResult(FORK, ValidationResult(2.0, {"perplexity": 40.0}), ())
    write_files(seed_folder(out, 0), task, "enas", 0, result)
    return task, out


def change(name: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda best: {**best, name: value}


def test_results_are_read_from_the_folders(saved: tuple[OneShotTask, Path]) -> None:
    task, out = saved
    assert read_seeds(out, task, "enas", True, [0]).results == (SeedResult(0, FORK, 40.0),)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change("seed", 7), r"of another search \(seed differ\)"),
        (change("strategy", "darts"), r"of another search \(strategy differ\)"),
        (change("architecture", {"nodes": 1}), "is damaged: delete it to search again"),
        (change("perplexity", "low"), "is damaged: delete it to search again"),
        (lambda best: {"seed": 0}, "is damaged: delete it to search again"),
    ],
)
def test_files_of_other_searches_are_named(
    saved: tuple[OneShotTask, Path], edit: Callable[[dict[str, Any]], Any], message: str
) -> None:
    task, out = saved
    path = seed_folder(out, 0) / "best.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text("utf-8")))), "utf-8")
    with pytest.raises(UserError, match=message):
        read_seeds(out, task, "enas", True, [0])


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_seeds_are_distinct(search: OneShotSearch, seeds: list[int], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="distinct, and at least one"):
        search_seeds(search, search.task(0), seeds, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_workers_without_the_folder_or_with_threads_are_refused(
    search: OneShotSearch, tmp_path: Path
) -> None:
    from distributed import LocalCluster

    from nni_nlp_bench.parallel.map import ParallelError

    options = {"processes": False, "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, host="127.0.0.1", **options) as existing,
        pytest.raises(ParallelError, match="1 of 1 failed: seed 0: a worker has several threads"),
    ):
        address = existing.scheduler_address
        search_seeds(search, search.task(0), [0], tmp_path / "out", scheduler=address)
