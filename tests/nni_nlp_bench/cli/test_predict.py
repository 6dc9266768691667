"""`predict`: tables, JSON Lines and plain text, streamed, with one line for every error."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from trained_models import labelled_set, train_classifier, train_language_model
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from nni_nlp_bench.models.loading import load_classifier

TEXTS = ["w1 label0", 'say "label1", w2', "w3 label2"]


@pytest.fixture(scope="module")
def model(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict") / "model"
    train_classifier("bag_of_vectors", teacher_folder, labelled_set()).save(folder)
    return folder


def predict(*arguments: object, input: str | bytes | None = None) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, ["predict", *words], input=input)


def refused(*arguments: object, input: str | bytes | None = None) -> str:
    found = predict(*arguments, input=input)
    assert found.exit_code == 2, found.output
    (line,) = found.stderr.splitlines()
    return line.removeprefix("error: ")


def write_csv(file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "text"), *enumerate(TEXTS)])
    return file


def test_a_table_gets_two_columns(model: Path, tmp_path: Path) -> None:
    done = predict(model, "--input", write_csv(tmp_path / "texts.csv"))
    assert (done.exit_code, done.stderr) == (0, "")
    rows = list(csv.DictReader(StringIO(done.stdout)))
    wanted = load_classifier(model).predict(TEXTS)
    assert [row["text"] for row in rows] == TEXTS
    assert [row["predicted_label"] for row in rows] == [p.label for p in wanted]
    for row, prediction in zip(rows, wanted, strict=True):
        assert float(row["predicted_probability"]) == pytest.approx(
            prediction.probability, abs=1e-6
        )


def test_the_output_file_has_the_same(model: Path, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "texts.csv"), tmp_path / "out.csv"
    to_stdout = predict(model, "--input", source, "--batch-size", 1)
    to_file = predict(model, "--input", source, "--output", out, "--batch-size", 2)
    assert (to_file.exit_code, to_file.stdout, to_file.stderr) == (0, "", "")
    assert out.read_text("utf-8") == to_stdout.stdout


def test_other_formats_become_json_lines(model: Path, tmp_path: Path) -> None:
    wanted = [p.to_dict() for p in load_classifier(model).predict(TEXTS)]
    (tmp_path / "texts.jsonl").write_text(
        "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(TEXTS)), "utf-8"
    )
    for done in (
        predict(model, input="\n".join(TEXTS)),
        predict(model, "--input", tmp_path / "texts.jsonl"),
        predict(model.parent, "--format", "jsonl", input=(tmp_path / "texts.jsonl").read_text()),
    ):
        assert done.exit_code == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row["text"] for row in rows] == TEXTS
        for row, prediction in zip(rows, wanted, strict=True):
            assert row["predicted_label"] == prediction["label"]
            assert row["probabilities"] == pytest.approx(prediction["probabilities"], abs=1e-6)


def test_columns_and_pairs(model: Path) -> None:
    table = "first\tsecond\nw1\tlabel2\n"
    done = predict(model, "--format", "tsv", "--text", "first", "--pair", "second", input=table)
    (wanted,) = load_classifier(model).predict([("w1", "label2")])
    assert done.stdout.splitlines()[1].split("\t")[2] == wanted.label
    assert "which column is the text? give --text NAME" in refused(
        model, "--format", "tsv", input=table
    )
    assert "give --text for the first ones too" in refused(model, "--pair", "second", input=table)
    assert "no column 'x'" in refused(model, "--format", "csv", "--text", "x", input="a,b\n")


def test_texts_without_words(model: Path) -> None:
    done = predict(model, "--format", "csv", input='text\n...\nw1\n" "\n')
    assert done.exit_code == 0
    assert [line.split(",")[1] != "" for line in done.stdout.splitlines()[1:]] == [
        True,
        True,
        False,
    ]
    assert done.stderr == "note: 1 of 3 texts have no words, so no label\n"
    nothing = predict(model, input="")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "")


def test_a_damaged_row_comes_after_the_batches_before_it(model: Path, tmp_path: Path) -> None:
    """On stdout; a file is not written."""
    text = "text,n\nw1,1\nw2\n"
    done = predict(model, "--format", "csv", "--batch-size", 1, input=text)
    assert done.exit_code == 2
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "error: stdin:3: the line has 1 fields, the header has 2\n"
    out = tmp_path / "out.csv"
    refused(model, "--format", "csv", "--batch-size", 1, "--output", out, input=text)
    assert list(tmp_path.iterdir()) == []


def test_output_paths(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_csv(tmp_path / "texts.csv")
    before = source.read_bytes()
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in (source, "~/texts.csv"):
        line = refused(model, "--input", given, "--output", source)
        assert "is an input of the command: give the name of another file" in line
    assert source.read_bytes() == before
    assert "is a folder" in refused(model, "--input", source, "--output", tmp_path)
    for name in ("model.json", "model.safetensors"):
        assert "is an input of the command" in refused(
            model, "--input", source, "--output", model / name
        )
    load_classifier(model)
    (tmp_path / "link.csv").symlink_to(source)
    assert "is an input" in refused(model, "--input", source, "--output", tmp_path / "link.csv")
    refused(model, "--input", source, "--output", tmp_path / "none" / "out.csv")


def test_inputs_that_are_none(model: Path, tmp_path: Path) -> None:
    assert "is a folder: give a file" in refused(model, "--input", tmp_path)
    assert "No such file" in refused(model, "--input", tmp_path / "none.csv")
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe or a device" in refused(model, "--input", tmp_path / "pipe")
    assert "has no model" in refused(tmp_path)
    train_language_model("rnn_cell").save(tmp_path / "language")
    assert "predicts no labels" in refused(tmp_path / "language")
    assert "has a field 'predicted_label' already: rename it" in refused(
        model, "--format", "csv", input="text,predicted_label\na,b\n"
    )


COMMAND = [sys.executable, "-c", "from nni_nlp_bench.cli.app import main; main()", "predict"]


@pytest.mark.slow
@pytest.mark.parametrize("format", ["text", "csv"])
def test_a_row_is_answered_before_the_next_is_sent(format: str, model: Path) -> None:
    command = [*COMMAND, str(model), "--batch-size", "1", "--format", format]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None
        assert answers is not None
        if format == "csv":
            print("text", file=requests, flush=True)
            assert "predicted_label" in answers.readline()
        for text in TEXTS[:1] * 3:
            print(text, file=requests, flush=True)
            assert text in answers.readline()
        requests.close()
        assert answers.read() == ""
    assert process.returncode == 0


@pytest.mark.slow
def test_a_closed_pipe_and_a_full_disk(model: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("w1 label1\n" * 100_000, "utf-8")
    command = [*COMMAND, str(model), "--input", str(tmp_path / "texts.txt")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "predicted_label" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    with Path("/dev/full").open("w") as full:
        failed = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert failed.returncode == 2
    assert failed.stderr == "error: cannot write stdout: No space left on device\n"


@pytest.mark.slow
def test_stdout_is_utf8_whatever_the_terminal(model: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, str(model)], input="été\n".encode(), env=environment, capture_output=True
    )
    assert json.loads(done.stdout.decode())["text"] == "été"
