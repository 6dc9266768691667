"""Whole runs: results, files, resumption, report, and the command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from in_process import run as command

from nni_nlp_bench.automl.page.report import label_rows, render_html
from nni_nlp_bench.automl.result import AutoMLResult
from nni_nlp_bench.automl.run import run_automl
from nni_nlp_bench.automl.settings import AutoMLSettings
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.preparation import PreparedData, prepare_labelled
from nni_nlp_bench.models.loading import load_classifier

SHORT = AutoMLSettings(time_s=60.0, spaces=(), threads=1)


@pytest.fixture(scope="module")
def prepared(reviews: Path) -> PreparedData:
    return prepare_labelled(str(reviews), label="stars")


def test_the_model_classifies_and_tells_its_metrics(run: AutoMLResult) -> None:
    assert run.best == max(run.scores, key=lambda s: (s.accuracy, s.macro_f1, -s.parameters))
    assert run.test.accuracy > 0.8  # one word tells the label
    found = [
        prediction.label for prediction in run.model.predict(["a great word1", "an awful one"])
    ]
    assert found == ["good", "bad"]
    assert run.model.manifest.metrics["test accuracy"] == run.test.accuracy
    assert run.test.confusion.sum() == len(prepare_test(run))


def prepare_test(run: AutoMLResult) -> list[str]:
    counts = run.report.counts["test"]
    return [label for label, count in counts.items() for _ in range(count)]


def test_scores_are_those_of_the_saved_models(run: AutoMLResult, prepared: PreparedData) -> None:
    dev = prepared.data.dev
    for score in run.scores:
        model = load_classifier(run.folder / "candidates" / score.name)
        predicted = model.predict_words([s.words for s in dev]).argmax(1)
        right = sum(int(label) == s.label for label, s in zip(predicted, dev, strict=True))
        assert right / len(dev) == pytest.approx(score.accuracy, abs=1e-9), score.name
        assert model.count_parameters().total == score.parameters


def test_files_tell_the_same(run: AutoMLResult) -> None:
    told = json.loads((run.folder / "result.json").read_text("utf-8"))
    assert [row["name"] for row in told["leaderboard"]] == list(run.leaderboard.index)
    assert told["best"] == run.best.name
    assert told["test"]["accuracy"] == run.test.accuracy
    table = (run.folder / "leaderboard.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in table] == ["name", *run.leaderboard.index]
    assert not (run.folder / "final").exists()


def test_a_finished_run_is_not_run_again(
    run: AutoMLResult, prepared: PreparedData, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(run.folder, out)
    log, model = ((out / name).read_bytes() for name in ("automl.jsonl", "model/model.json"))
    again = run_automl(prepared, run.settings, out)
    assert again.scores == run.scores
    assert again.test.to_dict() == run.test.to_dict()
    assert (out / "automl.jsonl").read_bytes() == log
    assert (out / "model/model.json").read_bytes() == model


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.external: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if values.get("id") else []
        self.external += [v for k, v in attrs if k in ("src", "href") and v and v[0] != "#"]


def test_the_report_is_self_contained_and_names_every_model(run: AutoMLResult) -> None:
    html = render_html(run)
    page = _Ids()
    page.feed(html)
    assert len(page.ids) == len(set(page.ids))
    assert page.external == []
    assert all(score.name in html for score in run.scores)
    assert sum(row.texts for row in label_rows(run.test)) == run.test.confusion.sum()


def test_an_interrupted_run_goes_on(prepared: PreparedData, tmp_path: Path) -> None:
    """What was trained is not trained again; the interrupted training resumes."""

    def interrupt(what: str, share: float) -> None:
        if what == "cnn" and share > 0:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_automl(prepared, SHORT, out, interrupt)
    assert not (out / "model").exists()
    lines = (out / "automl.jsonl").read_text("utf-8").splitlines()
    before = {json.loads(line)["candidate"] for line in lines if '"score"' in line}
    assert before == {"tfidf", "bag_of_vectors"}
    seen: list[str] = []
    result = run_automl(prepared, replace(SHORT, time_s=90), out, lambda what, _: seen.append(what))
    assert "bag_of_vectors" not in seen
    assert {"cnn", "bigru"} <= {score.name for score in result.scores}
    kept = (out / "automl.jsonl").read_text("utf-8").splitlines()[: len(lines)]
    assert kept == lines
    assert result.seconds > json.loads(lines[-1])["elapsed_s"]


def test_another_run_does_not_share_a_folder(run: AutoMLResult, prepared: PreparedData) -> None:
    with pytest.raises(UserError, match="other options"):
        run_automl(prepared, replace(run.settings, seed=5), run.folder)


def test_a_damaged_log_is_named(run: AutoMLResult, prepared: PreparedData, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(run.folder, out)
    with (out / "automl.jsonl").open("a") as file:
        file.write('{"event":"score","candidate":"x","values":{},"elapsed_s":1}\n')
    with pytest.raises(UserError, match=r"automl\.jsonl, line \d+, is damaged"):
        run_automl(prepared, run.settings, out)


def test_the_command_writes_model_and_report(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--label", "stars", "--time", "1s", "--spaces", "emd_cell", "--encoder", "none")
    ran = command("automl", reviews, "--out", out, *options)
    assert ran.returncode == 0, ran.stderr
    assert "no time for emd_cell" in ran.stdout
    assert json.loads((out / "result.json").read_text("utf-8"))["left_out"] == ["emd_cell"]
    assert "Models by accuracy" in ran.stdout
    assert "80/10/10" in ran.stdout
    assert (out / "report.html").read_text("utf-8").startswith("<!doctype html>")
    told = command("predict", out, "--input", reviews, "--text", "review")
    assert told.returncode == 0
    rows = told.stdout.splitlines()[1:]
    assert sum(row.split(",")[2] == row.split(",")[3] for row in rows) > 0.8 * len(rows)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--label", "grade"], "grade"),
        (["--label", "stars", "--time", "soon"], "30m"),
        (["--label", "stars", "--spaces", "rnn_cell"], "do not classify"),
        (["--label", "stars", "--strategy", "magic"], "unknown strategy"),
        (["--label", "stars", "--warm-start", "magic"], "unknown score of sentence classifiers"),
        (["--label", "stars", "--encoder", "/nowhere"], "no such folder"),
        (["--label", "stars", "--vectors", "/nowhere"], "unknown vectors"),
    ],
)
def test_bad_options_are_found_before_any_work(
    options: list[str], error: str, reviews: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = command("automl", reviews, "--out", out, "--time", "3s", "--encoder", "none", *options)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert error in ran.stderr
    assert not out.exists()


@pytest.mark.slow
def test_students_of_the_encoder_need_nothing_of_it(
    synthetic_set: LabelledSet, teacher_folder: Path, tmp_path: Path
) -> None:
    """The encoder is fine-tuned, its students read its tokens, and all are models without it."""
    pytest.importorskip("transformers")
    teacher, file = tmp_path / "teacher", tmp_path / "texts.csv"
    shutil.copytree(teacher_folder, teacher)
    sentences = [*synthetic_set.train, *synthetic_set.dev, *synthetic_set.test]
    rows = [f"{' '.join(words)},{synthetic_set.labels[label]}\n" for words, label in sentences]
    file.write_text("text,label\n" + "".join(rows), "utf-8")
    settings = AutoMLSettings(spaces=("emd_cell",), encoder=str(teacher), threads=1)
    wanted, names = {"tfidf", "encoder", "emd_cell", "emd_cell_distilled"}, set[str]()
    for time_s in (25, 50, 100, 200):  # a busy machine needs more, and resumes
        if not wanted <= names:
            given = replace(settings, time_s=time_s)
            result = run_automl(prepare_labelled(str(file)), given, tmp_path / "out")
            names = {score.name for score in result.scores}
    assert wanted <= names
    moved = tmp_path / "moved"
    (tmp_path / "out" / "candidates").rename(moved)
    shutil.rmtree(teacher)
    shutil.rmtree(tmp_path / "out")
    for name in ("encoder", "emd_cell", "emd_cell_distilled"):
        model = load_classifier(moved / name)
        assert model.predict(["w1 label2 w3"])[0].label in synthetic_set.labels
        card = (moved / name / "model" / "README.md").read_text("utf-8")
        assert str(tmp_path) not in card + (moved / name / "model" / "model.json").read_text(
            "utf-8"
        )
    distilled = load_classifier(moved / "emd_cell_distilled").manifest
    assert distilled.origin.endswith("distilled from the fine-tuned encoder")
