"""Runs whose trainings run on workers: equal digits, killed workers."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from in_process import run as command

from nni_nlp_bench.automl.result import AutoMLResult
from nni_nlp_bench.automl.run import run_automl
from nni_nlp_bench.automl.settings import AutoMLSettings
from nni_nlp_bench.data.sentences.preparation import prepare_labelled

pytest.importorskip("distributed")

SETTINGS = AutoMLSettings(time_s=36_000.0, spaces=("emd_cell",), threads=1)
SEARCH_S = 4.0
MODULE = "nni_nlp_bench.automl.fit"


def results(result: AutoMLResult) -> dict[str, tuple[float, float, int, float, int]]:
    """Return what does not depend on the speed, by candidate."""
    return {
        score.name: (score.accuracy, score.macro_f1, score.epochs, score.share, score.parameters)
        for score in result.scores
    }


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "automl.jsonl").read_text("utf-8").splitlines()]


def write_log(folder: Path, lines: list[dict[str, object]]) -> None:
    texts = [json.dumps({**line, "elapsed_s": 0.0}) + "\n" for line in lines]
    (folder / "automl.jsonl").write_text("".join(texts), "utf-8")


def note(name: str, value: float) -> dict[str, object]:
    return {"event": "note", "candidate": f"emd_cell: {name}", "values": value}


def is_plan(line: dict[str, object]) -> bool:
    """Whether a line is a plan, or what a search needs."""
    return line["event"] == "plan" or (line["event"] == "note" and line["candidate"] != "final")


def kill_all(pids: list[int], checkpoint: Path) -> threading.Thread:
    """Kill workers once a training has a checkpoint."""

    def watch() -> None:
        while not checkpoint.exists():
            time.sleep(0.005)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.slow
def test_workers_train_what_one_process_trains_by_the_same_plans(
    reviews: Path, tmp_path: Path
) -> None:
    """The workers are killed in the training of a baseline."""
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.execution import OnCluster

    prepared = prepare_labelled(str(reviews), label="stars")
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    write_log(there, [note("seconds of search", SEARCH_S), note("trainings at a time", 2)])
    with cluster(workers=2) as client:
        pids = list(client.run(os.getpid).values())
        killer = kill_all(pids, there / "candidates/bigru/checkpoint.pt")
        execution = OnCluster(client, tmp_path, MODULE)
        found = run_automl(prepared, SETTINGS, there, execution=execution)
        killer.join(timeout=10)
        assert not set(pids) & set(client.run(os.getpid).values())
    assert set(results(found)) == {"tfidf", "bag_of_vectors", "cnn", "bigru", "emd_cell"}
    assert not (there / "search-emd_cell").exists()
    scores = [line["candidate"] for line in lines(there) if line["event"] == "score"]
    assert sorted(scores) == sorted(results(found)), "each is trained and logged once"
    here.mkdir()
    shutil.copy(there / "search-emd_cell.jsonl", here)
    write_log(here, [line for line in lines(there) if is_plan(line)])
    again = run_automl(prepared, SETTINGS, here)
    assert results(again) == results(found)
    resumed = run_automl(prepared, SETTINGS, there)
    assert resumed.scores == found.scores
    assert resumed.test.to_dict() == found.test.to_dict()


def test_a_scheduler_that_is_not_there_is_named_before_any_work(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nni_nlp_bench.parallel.cluster.CONNECT_S", 0.5)
    options = ["--label", "stars", "--time", "3s", "--encoder", "none"]
    options += ["--scheduler", "tcp://127.0.0.1:9"]
    ran = command("automl", reviews, "--out", tmp_path / "out", *options)
    assert ran.returncode == 2
    assert "cannot connect to a Dask scheduler at tcp://127.0.0.1:9" in ran.stderr
    assert not (tmp_path / "out").exists()


PROGRAM = """
import pickle, sys, torch
teacher, ids = pickle.load(open(sys.argv[1], "rb"))
hidden, _ = teacher.outputs(ids, torch.ones_like(ids, dtype=torch.bool))
pickle.dump(hidden.detach(), open(sys.argv[2], "wb"))
"""


@pytest.mark.slow
def test_another_process_runs_the_same_teacher(teacher_folder: Path, tmp_path: Path) -> None:
    """Workers get the tokens of the encoder with it, and distil from it."""
    pytest.importorskip("transformers")
    import torch

    from nni_nlp_bench.distillation.loading import load_teacher

    teacher = load_teacher(str(teacher_folder))
    ids = torch.tensor(teacher.ids([("w1", "w2", "w3")], 8))
    before = torch.get_rng_state()
    wanted, _ = teacher.outputs(ids, torch.ones_like(ids, dtype=torch.bool))
    sent, found = tmp_path / "sent", tmp_path / "found"
    sent.write_bytes(pickle.dumps((teacher, ids)))
    assert torch.equal(torch.get_rng_state(), before)
    subprocess.run([sys.executable, "-c", PROGRAM, str(sent), str(found)], check=True)
    assert torch.equal(pickle.loads(found.read_bytes()), wanted)
