"""Published task files, and invalid ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.tasks import TASKS, Task, read_task

Shared = Callable[[str], Path]

# Examples of each label in train and dev, counted in the published files.
COUNTS = {
    "rte": (
        {"entailment": 1249, "not_entailment": 1241},
        {"entailment": 146, "not_entailment": 131},
    ),
    "mrpc": ({"1": 2407, "0": 1169}, {"1": 346, "0": 154}),
    "cola": ({"1": 6023, "0": 2528}, {"1": 365 + 354, "0": 162 + 162}),
    "sst2": ({"1": 33828, "0": 26786}, {"1": 444, "0": 428}),
}
FIRST = {
    "rte": "No Weapons of Mass Destruction Found in Iraq Yet.",
    "mrpc": 'Amrozi accused his brother, whom he called "the witness", of deliberately distorting '
    "his evidence.",
    "cola": "Our friends won't buy this analysis, let alone the next one we propose.",
    "sst2": "when are bears bears and ",
}
GOOD = {
    "rte": '{"premise": "It rains.", "hypothesis": "It is wet.", "label": "entailment"}\n',
    "mrpc": "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tIt rains.\tRain falls.\r\n",
    "cola": "gj04\t1\t\tIt rains.\ngj04\t0\t*\tIt rain.\n",
    "sst2": "sentence\tlabel\nit rains \t0\n",
}


def published(name: str, shared: Shared) -> Task:
    """The whole task; skips where one of its files is missing."""
    for path in (*TASKS[name].train, *TASKS[name].dev):
        file = shared(f"data/{path}")
    return read_task(name, file.parents[1])


def written(name: str, text: str, folder: Path) -> Path:
    """A folder in which each file of the task holds this text."""
    for path in (*TASKS[name].train, *TASKS[name].dev):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(text.encode())
    return folder


@pytest.mark.parametrize("name", TASKS)
def test_a_published_task(name: str, shared: Shared) -> None:
    task = published(name, shared)
    parts = (task.train, task.dev)
    counts = tuple(Counter(task.labels[example.label] for example in part) for part in parts)
    assert counts == COUNTS[name]
    assert task.train[0].first == FIRST[name]
    in_pairs = {example.second is not None for part in parts for example in part}
    assert in_pairs == {name in ("rte", "mrpc")}
    sentences = [text for part in parts for e in part for text in (e.first, e.second or "-")]
    assert all(text.strip() and "\t" not in text and "\r" not in text for text in sentences)


@pytest.mark.parametrize("name", TASKS)
def test_a_small_task(name: str, tmp_path: Path) -> None:
    task = read_task(name, written(name, GOOD[name], tmp_path))
    assert "rain" in task.train[0].first
    assert task.train[0].label == (name != "sst2")
    assert len(task.dev) == len(task.train) * len(TASKS[name].dev)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("rte", GOOD["rte"] + "rain\n", "2: expected a JSON object: Expecting value"),
        ("rte", "[1]\n", "1: expected a JSON object, got '[1]'"),
        ("rte", '{"premise": "a", "label": "b"}', "1: premise, hypothesis and label must be texts"),
        (
            "rte",
            GOOD["rte"].replace('"entailment', '"maybe'),
            "1: the label must be not_entailment or entailment, got 'maybe'",
        ),
        ("mrpc", GOOD["mrpc"] + "1\t7\t8\tRain\r\n", "3: expected 5 fields between tabs, got 4"),
        ("mrpc", GOOD["mrpc"].replace("#1 ID", "id"), "1: expected the header 'Quality #1 ID"),
        ("cola", GOOD["cola"] + "gj04\t2\t\tRain.", "3: the label must be 0 or 1, got '2'"),
        ("cola", GOOD["cola"] + "\n", "3: expected 4 fields between tabs, got 1"),
        ("sst2", GOOD["sst2"] + "rain\t\n", "3: the label must be 0 or 1, got ''"),
    ],
)
def test_a_damaged_line_is_named(name: str, text: str, fault: str, tmp_path: Path) -> None:
    folder = written(name, text, tmp_path)
    with pytest.raises(UserError) as caught:
        read_task(name, folder)
    assert str(caught.value).startswith(f"{folder / TASKS[name].train[0]}:{fault}")


def test_unknown_tasks_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="unknown task 'snli'; known: cola, mrpc, rte, sst2"):
        read_task("snli", tmp_path)
    written("cola", GOOD["cola"], tmp_path)
    (tmp_path / "cola/out_of_domain_dev.tsv").unlink()
    with pytest.raises(EvaluationError, match=r"task cola: .* lacks cola/out_of_domain_dev\.tsv"):
        read_task("cola", tmp_path)
