"""Parallel work on Dask: failures, killed workers, interruptions."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.evaluators.json_lines import JsonLines
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.map import ParallelError, map_unordered
from nni_nlp_bench.parallel.score import score_all
from nni_nlp_bench.parallel.train import train_all
from nni_nlp_bench.training.settings import Settings, Sizes
from nni_nlp_bench.training.task import TrainingTask, train_task
from nni_nlp_bench.zero_cost.scoring import Scoring
from nni_nlp_bench.zero_cost.task import ScoringTask, score_task
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe, published_recipe

if TYPE_CHECKING:
    from distributed import Client

SCORING = Scoring(
    ("layer1_hidden_covariance", "miniature_recall"), "pydoc-small", Sizes(8, 8, 1), 10, 12
)
RECIPES = [(i + 1, published_recipe(1_000_004 + 3 * i)) for i in range(8)]


sys.path.append(str(Path(__file__).parent))  # local workers inherit it
from parallel_tasks import (  # noqa: E402
    OTHERS,
    first_waits_for_others,
    kills_its_worker,
    odd_ones_fail,
    slow_square,
)


@pytest.mark.slow
def test_killed_worker_loses_no_task() -> None:
    with cluster(workers=2) as client:
        killed, found, pids = None, {}, set()
        for number, (square, pid) in map_unordered(client, slow_square, range(12), name=str):
            found[number] = square
            pids.add(pid)
            if killed is None and len(pids) == 2:
                killed = pid
                os.kill(killed, signal.SIGKILL)
        assert found == {number: number * number for number in range(12)}
        client.wait_for_workers(2)
        assert killed not in client.run(os.getpid).values(), "another worker replaced it"


def test_no_worker_waits_behind_a_long_task(client: Client, tmp_path: Path) -> None:
    """All other tasks end while the first one runs, though it was submitted with them."""
    jobs = [(tmp_path, number) for number in range(1 + OTHERS)]
    found = dict(map_unordered(client, first_waits_for_others, jobs, str))
    assert found == dict.fromkeys(jobs, True)


def test_failures_are_reported_after_all_others_complete(client: Client) -> None:
    found = []
    with pytest.raises(ParallelError) as caught:
        for item, _ in map_unordered(client, odd_ones_fail, range(10), name=lambda i: f"item {i}"):
            found.append(item)
    assert sorted(found) == [0, 2, 4, 6, 8]
    message = str(caught.value)
    assert message.startswith("5 of 10 failed: item ")
    assert "is odd" in message
    assert message.endswith(" and 2 more")


@pytest.mark.slow
def test_task_that_kills_workers_fails() -> None:
    with cluster(workers=1) as client, pytest.raises(ParallelError, match="1 of 1 failed: 7: "):
        list(map_unordered(client, kills_its_worker, [7], name=str))


def test_local_workers_listen_on_loopback_and_end() -> None:
    resource_tracker.ensure_running()  # lives as long as this process
    before = set(psutil.Process().children(recursive=True))
    environment = dict(os.environ)
    with cluster(workers=1):
        new = set(psutil.Process().children(recursive=True)) - before
        listening = [
            connection.laddr.ip
            for process in (psutil.Process(), *new)
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert len(listening) > 2
        assert set(listening) == {"127.0.0.1"}
    assert os.environ == environment
    _, alive = psutil.wait_procs(new, timeout=60)
    assert not alive


def test_error_for_unreachable_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nni_nlp_bench.parallel.cluster.CONNECT_S", 1)
    with (
        pytest.raises(
            UserError, match=r"cannot connect to a Dask scheduler at tcp://127.0.0.1:9: "
        ),
        cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_error_for_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr("nni_nlp_bench.parallel.cluster.CONNECT_S", 1)
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(UserError, match="has no workers: start some"),
        cluster(empty.scheduler_address),
    ):
        pass


def test_existing_scheduler() -> None:
    from distributed import LocalCluster

    options = {"processes": False, "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(n_workers=1, host="127.0.0.1", **options) as existing,
        cluster(existing.scheduler_address) as client,
    ):
        assert dict(map_unordered(client, odd_ones_fail, [2, 4], name=str)) == {2: 2, 4: 4}


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_strangers_run_no_function(client: Client, tmp_path: Path, protocol: str) -> None:
    """Any local user can connect to the ports, also with a key of their own."""
    from distributed import Client, Security
    from distributed.comm import connect

    created = tmp_path / "created"
    security = Security.temporary() if protocol == "tls" else Security()
    assert client.scheduler is not None
    with pytest.raises(OSError, match=r"Timed out|refused|closed|does not match"):
        scheduler = client.scheduler.address.replace("tls", protocol)
        stranger = Client(scheduler, security=security, timeout=1)
        stranger.submit(os.mkdir, created).result()
    workers = client.scheduler_info()["workers"]
    assert len(workers) == 2
    for address in (*workers, *(worker["nanny"] for worker in workers.values())):
        connection = connect(
            address.replace("tls", protocol), timeout=1, **security.get_connection_args("client")
        )
        with pytest.raises(OSError, match=r"Timed out|refused|closed|does not match"):
            asyncio.run(connection)
    assert not created.exists()


def test_pages_of_the_cluster_are_closed(client: Client) -> None:
    """Dask's pages about tasks, logs and workers need no key."""
    import httpx

    pages = ("info/main/workers.html", "json/identity.json", "metrics")
    found: list[int] = []
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                url = f"http://127.0.0.1:{connection.laddr.port}"
                with suppress(httpx.TransportError):  # not of HTTP
                    found += [httpx.get(f"{url}/{page}", timeout=20).status_code for page in pages]
    assert len(found) >= 3 * len(pages)
    assert set(found) == {404}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_scores_are_in_the_order_of_the_recipes(client: Client, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    repeated = [*RECIPES, (20, RECIPES[0][1])]
    score_all(client, repeated, SCORING, out)
    rows = read(out)
    assert list(rows[0]) == ["line", "recipe", "canonical_key", *SCORING.scores]
    assert [int(row["line"]) for row in rows] == [line for line, _ in repeated]
    for row, (_, recipe) in zip(rows, repeated, strict=True):
        assert Recipe.from_json(row["recipe"]) == recipe
        wanted = score_task(ScoringTask(recipe.to_json(), SCORING))
        for name in SCORING.scores:
            assert float(row[name]) == pytest.approx(wanted[name], rel=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.csv"]


def test_interrupted_scoring_is_resumed(client: Client, tmp_path: Path) -> None:
    out, journal = tmp_path / "scores.csv", tmp_path / ".scores.csv.jsonl"

    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise StopError

    with pytest.raises(StopError):
        score_all(client, RECIPES, SCORING, out, stop)
    assert not out.exists()
    lines = journal.read_text("utf-8").splitlines()
    assert len(lines) == 1 + 3
    journal.write_text("\n".join(lines) + '\n{"recipe": "cut off', "utf-8")
    seen: list[int] = []
    score_all(client, RECIPES, SCORING, out, lambda done, total: seen.append(done))
    assert seen == [3, 4, 5, 6, 7, 8]
    assert len(read(out)) == 8


def test_error_for_journal_of_other_options(client: Client, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    (tmp_path / ".scores.csv.jsonl").write_text('{"scores": ["naswot"]}\n', "utf-8")
    with pytest.raises(UserError, match="belongs to an unfinished run with other options"):
        score_all(client, RECIPES, SCORING, out)


@pytest.mark.parametrize("line", ["{}", '{"recipe": "lstm", "scores": {"naswot": "high"}}'])
def test_error_for_damaged_journal(client: Client, tmp_path: Path, line: str) -> None:
    journal = JsonLines(tmp_path / ".scores.csv.jsonl")
    settings = {**asdict(SCORING), "scores": list(SCORING.scores)}
    journal.append({**settings, "data": load_corpus(SCORING.corpus).digest})
    journal.append(json.loads(line))
    journal.close()
    with pytest.raises(UserError, match="is damaged: delete it to start over"):
        score_all(client, RECIPES, SCORING, tmp_path / "scores.csv")


TASKS = [
    TrainingTask(
        named_recipe(name).to_json(),
        recipe_id,
        "pydoc-small",
        Settings(epochs=1, sizes=Sizes(8, 8, 1), batch_size=50, seed=seed),
    )
    for seed in (0, 1)
    for name, recipe_id in (("rnn", 1_000_000), ("gru", -1))
]


@pytest.mark.slow
def test_trainings_with_logs_are_not_repeated(client: Client, tmp_path: Path) -> None:
    train_all(client, TASKS[:2], tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    counts: list[int] = []
    train_all(client, TASKS, tmp_path, lambda done, total: counts.append(done))
    assert counts == [2, 3, 4]
    assert all((tmp_path / name).stat().st_mtime_ns == t for name, t in before.items())
    reading = read_release_logs(tmp_path)
    assert not reading.skipped
    assert [len(run.architecture.canonical_key) for run in reading.runs] == [32] * 4
    assert (tmp_path / "log_stats_model_1000000_seed_1.json").exists()
    log = json.loads((tmp_path / "log_stats_model_1000000_seed_0.json").read_text("utf-8"))
    again = train_task(TASKS[0])
    assert log["val_losses"] == pytest.approx(again["val_losses"], rel=1e-4)
    assert log["seed"] == 0
