"""`probe`: table, CSV and JSON, and errors."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app

pytest.importorskip("torch")

Shared = Callable[[str], Path]

SMALL = ["--embedding", "8", "--hidden", "8", "--layers", "1", "--batch-size", "50"]
TASK_ROWS = [("cola", "matthews"), ("cola", "accuracy"), ("sst2", "accuracy")]
COLA_FILES = ("in_domain_train.tsv", "in_domain_dev.tsv", "out_of_domain_dev.tsv")


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


def trained(out: Path, *more: str) -> Path:
    """Train a language model, by default a GRU, for one epoch and return its folder."""
    words = ["--architecture", "gru", "--epochs", "1", "--out", str(out), *SMALL, *more]
    code, _, stderr = call("train", "lm", *words)
    assert (code, stderr) == (0, "")
    return out


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model trained on text in which every sentence is about good or bad things."""
    text = tmp_path_factory.mktemp("text")
    for part, lines in (("train", 300), ("valid", 60), ("test", 60)):
        (text / f"{part}.txt").write_text("\n".join(sentences(lines)), "utf-8")
    return trained(
        tmp_path_factory.mktemp("runs") / "gru", "--corpus", str(text), "--embedding", "32"
    )


def sentences(count: int) -> list[str]:
    rng = np.random.default_rng(count)
    fillers = [f"word{i}" for i in range(12)]
    return [
        " ".join([*rng.choice(fillers, 3), ("bad", "good")[i % 2], *rng.choice(fillers, 2)])
        for i in range(count)
    ]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Two small word sets; the second has too few known words."""
    folder = tmp_path / "words"
    folder.mkdir()
    known = "good\tbad\t2.5\nword1\tword2\t7\nWord3\tword4\t1\nword5\tgood\t4\nsun\tmoon\t9\n"
    (folder / "EN-SMALL.txt").write_text(known, "utf-8")
    (folder / "EN-STRANGE.txt").write_text("sun\tmoon\t9\nsea\tland\t1\n", "utf-8")
    return folder


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Small CoLA and SST-2: the label is whether the sentence contains `good`."""
    folder = tmp_path / "tasks"
    train, dev = ([(line, int("good" in line)) for line in sentences(n)] for n in (200, 100))
    (folder / "cola").mkdir(parents=True)
    for name in COLA_FILES:
        lines = [f"me\t{y}\t\t{line}\n" for line, y in (train if "train" in name else dev)]
        (folder / "cola" / name).write_text("".join(lines), "utf-8")
    (folder / "sst2_tsv").mkdir()
    for name, part in (("train.tsv", train), ("test.tsv", dev)):
        lines = [f"{line} \t{y}\n" for line, y in [*part, ("strange", 0)]]
        (folder / "sst2_tsv" / name).write_text("sentence\tlabel\n" + "".join(lines), "utf-8")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_output_files(model: Path, words: Path, tasks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["--model", str(model), "--words", str(words), "--tasks", str(tasks)]
    code, stdout, stderr = call("probe", *given, "--names", "cola, sst2", "--out", str(out))
    assert (code, stderr) == (0, "")
    assert "1 epochs, status OK" in stdout
    assert f"table   {out / 'evaluation.csv'}" in stdout.replace("\n", "")
    rows = rows_of(out / "evaluation.csv")
    similar = [("SMALL", "spearman"), ("STRANGE", "spearman")]
    assert [(row["name"], row["metric"]) for row in rows] == similar + TASK_ROWS
    assert [row["examples"] for row in rows] == ["4", "0", "200", "200", "101"]
    assert [row["known_share"] for row in rows[:2]] == ["0.8", "0.0"]
    assert -1 <= float(rows[0]["value"]) <= 1
    assert (rows[1]["value"], rows[1]["note"][:19]) == ("", "too few known pairs")
    found = json.loads((out / "evaluation.json").read_text("utf-8"))
    values = [found["word_similarity"][0]["rho"]]
    values += [score["value"] for task in found["tasks"] for score in task["scores"]]
    assert values == [float(row["value"]) for row in (rows[0], *rows[2:])]
    assert [task["empty"] for task in found["tasks"]] == [0, 2]
    assert {path.name for path in out.iterdir()} - {".lock"} == {
        "evaluation.csv",
        "evaluation.json",
        "settings.json",
    }


def test_informative_word_is_found(model: Path, tasks: Path, tmp_path: Path) -> None:
    given = ["--model", str(model), "--tasks", str(tasks), "--names", "cola"]
    code, _, _ = call("probe", *given, "--out", str(tmp_path / "out"))
    assert code == 0
    matthews, accuracy = rows_of(tmp_path / "out" / "evaluation.csv")
    assert float(matthews["value"]) > 0.8
    assert float(accuracy["value"]) > 0.9
    assert (float(matthews["majority"]), float(accuracy["majority"])) == (0, 0.5)
    assert float(accuracy["known_share"]) == 1


def test_json_and_selection_of_tasks(model: Path, words: Path, tasks: Path, tmp_path: Path) -> None:
    given = ["--model", str(model), "--tasks", str(tasks), "--names", "sst2", "--seed", "3"]
    out = tmp_path / "out"
    code, stdout, stderr = call("probe", *given, "--out", str(out), "--json")
    assert (code, stderr) == (0, "")
    printed = json.loads(stdout)
    assert (printed.pop("epochs"), printed.pop("status")) == (1, "OK")
    assert printed == json.loads((out / "evaluation.json").read_text("utf-8"))
    assert [task["task"] for task in printed["tasks"]] == ["sst2"]
    assert (printed["word_similarity"], printed["seed"]) == ([], 3)
    code, stdout, _ = call(
        "probe", "--model", str(model), "--words", str(words), "--out", str(out / "w"), "--json"
    )
    sets = json.loads(stdout)["word_similarity"]
    assert [(found["name"], found["known_pairs"]) for found in sets] == [
        ("SMALL", 4),
        ("STRANGE", 0),
    ]
    assert json.loads(stdout)["tasks"] == []


def test_files_are_reproducible_and_not_overwritten_by_other_options(
    model: Path, words: Path, tasks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    given = ["probe", "--model", str(model), "--out", str(out)]
    sst2 = [*given, "--tasks", str(tasks), "--names", "sst2"]
    assert call(*sst2)[0] == 0
    first = (out / "evaluation.json").read_bytes()
    assert call(*sst2)[0] == 0
    assert (out / "evaluation.json").read_bytes() == first
    for other, names in (
        ([*given, "--words", str(words)], "words, tasks, names"),
        ([*sst2, "--seed", "1"], "seed"),
        ([*sst2, "--names", "cola"], "names"),
    ):
        code, stdout, stderr = call(*other)
        expected = f"{out} holds an evaluation with other options ({names}); choose another --out"
        assert (code, stdout, stderr) == (2, "", f"error: {expected}\n")
    assert (out / "evaluation.json").read_bytes() == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to evaluate on: give --words, --tasks or both"),
        ({"tasks": "tasks", "names": "cola,snli"}, "unknown task 'snli'; known: cola, mrpc, rte"),
        ({"tasks": "tasks", "names": ""}, "unknown task ''; known: cola, mrpc, rte, sst2"),
        ({"tasks": "tasks"}, "tasks lacks rte/train.jsonl; give the folder that has it"),
        (
            {"words": "tasks"},
            "tasks holds no word-similarity set: give the folder of the files EN-",
        ),
        (
            {"words": "words", "model": "tasks"},
            "tasks has no trained model: give the output folder",
        ),
        (
            {"words": "words", "model": "absent"},
            "absent has no trained model: give the output folder",
        ),
        ({"words": "words", "out": "words/EN-SMALL.txt"}, "EN-SMALL.txt is not a folder"),
    ],
)
def test_errors(
    model: Path, words: Path, tasks: Path, tmp_path: Path, options: dict[str, str], message: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    given = {"model": str(model), "out": "out"} | options
    arguments = [
        word
        for name, value in given.items()
        for word in (f"--{name}", value if name == "names" else str(tmp_path / value))
    ]
    code, stdout, stderr = call("probe", *arguments)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("tasks/cola/in_domain_dev.tsv", "me\t2\t\tIt rains.", "the label must be 0 or 1, got '2'"),
        ("tasks/cola/in_domain_train.tsv", "It rains.", "expected 4 fields between tabs, got 1"),
        ("words/EN-SMALL.txt", "sun\tmoon", "expected two words and a score, got 'sun\\tmoon'"),
    ],
)
def test_error_for_malformed_line(
    model: Path, words: Path, tasks: Path, tmp_path: Path, file: str, line: str, fault: str
) -> None:
    path, out = tmp_path / file, tmp_path / "out"
    whole = path.read_text("utf-8")
    path.write_text(f"{whole}{line}\n", "utf-8")
    given = ["--words", str(words), "--tasks", str(tasks), "--names", "cola", "--out", str(out)]
    code, stdout, stderr = call("probe", "--model", str(model), *given)
    number = whole.count("\n") + 1
    assert (code, stdout, stderr) == (2, "", f"error: {path}:{number}: {fault}\n")
    assert not out.exists()


def test_error_for_output_in_the_folder_of_the_model(model: Path, words: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in model.iterdir()}
    given = ["--model", str(model), "--words", str(words), "--out", str(model / ".")]
    code, stdout, stderr = call("probe", *given)
    assert (code, stdout) == (2, "")
    assert stderr == f"error: --out {model} is the folder of the model: choose another one\n"
    assert {path: path.stat().st_mtime_ns for path in model.iterdir()} == before


def test_error_for_diverged_training(words: Path, tmp_path: Path) -> None:
    """The cell cubes its state at every step."""
    growing = {
        "l": {"op": "linear", "input": ["x", "h_prev_0"]},
        "s": {"op": "elementwise_sum", "input": ["l"] * 8},
        "p": {"op": "elementwise_prod", "input": ["s", "s", "s"]},
        "h_new_0": {"op": "elementwise_prod", "input": ["p", "s"]},
    }
    options = ["--corpus", "pydoc-small", "--learning-rate", "0.5", "--dropouts", "none"]
    model = trained(tmp_path / "growing", "--architecture", json.dumps(growing), *options)
    given = ["--model", str(model), "--words", str(words), "--out", str(tmp_path / "out")]
    code, stdout, stderr = call("probe", *given)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert "is not finite: the training diverged" in stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_real_word_sets_and_tasks(shared: Shared, tmp_path: Path) -> None:
    """Untrained model with a vocabulary of a thousand words: chance level on all data."""
    data = shared("data/rte/train.jsonl").parents[1]
    sets = shared("data/wordsim")
    shared("data/cola/in_domain_train.tsv")
    model = trained(tmp_path / "gru", "--corpus", "pydoc-small")
    given = ["--words", str(sets), "--tasks", str(data), "--names", "rte,cola"]
    out = tmp_path / "out"
    code, stdout, stderr = call("probe", "--model", str(model), *given, "--out", str(out))
    assert (code, stderr) == (0, "")
    assert "pydoc-small, 1 epochs, status OK" in stdout
    rows = {(row["name"], row["metric"]): row for row in rows_of(out / "evaluation.csv")}
    assert sum(kind == "spearman" for _, kind in rows) == 13
    verbs = rows["SimVerb-3500", "spearman"]
    assert 0 < float(verbs["known_share"]) < 0.05
    assert int(verbs["examples"]) == round(3500 * float(verbs["known_share"]))
    assert abs(float(verbs["value"])) < 0.8
    rte, cola = rows["rte", "accuracy"], rows["cola", "matthews"]
    assert (rte["examples"], cola["examples"]) == ("277", "1043")
    assert float(rte["majority"]) == pytest.approx(146 / 277)
    assert 0.4 < float(rte["value"]) < 0.65
    assert abs(float(cola["value"])) < 0.15
    assert all(0.3 < float(row["known_share"]) < 0.7 for row in (rte, cola))
