"""`teacher`, and distillation from it in `one-shot` and `train`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.models.loading import load_classifier
from search_spaces.emd_cell.genotype import from_genotype


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tables with words in the vocabulary of the small teacher, and a cache of its features."""
    monkeypatch.setenv("NNI_NLP_BENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "moods"
    folder.mkdir()
    rows = [f"w{i} {word} w3\t{word}" for i in range(12) for word in ("low", "high", "none")]
    for part in ("train", "dev", "test"):
        text = "\n".join(["text\tlabel", *rows]) + "\n"
        (folder / f"{part}.tsv").write_text(text, "utf-8")
    return folder


def _dev_accuracy(stdout: str) -> float:
    accuracy: float = json.loads(stdout)["dev_accuracies"][-1]
    return accuracy


SMALL = ("--width", 4, "--cells", 2, "--batch-size", 12, "--max-length", 8)
SEARCH = ("one-shot", "--space", "emd_cell", "--strategy", "kd_emd", "--epochs", 3, "--seed", 1)


@pytest.mark.slow
def test_fine_tuned_teacher_is_distilled(data: Path, teacher_folder: Path, tmp_path: Path) -> None:
    tuned, found = tmp_path / "tuned", tmp_path / "found"
    tune = ["teacher", "--data", data, "--teacher", teacher_folder, "--epochs", 2, "--out", tuned]
    first = run(*tune, "--json")
    assert first.exit_code == 0, first.stderr
    assert run(*tune, "--json").stdout == first.stdout  # already finished: same output
    assert load_teacher(str(tuned)).labels == ("high", "low", "none")
    assert load_classifier(tuned).manifest.metrics["dev accuracy"] == _dev_accuracy(first.stdout)
    refused = run(*tune, "--seed", 9)
    assert refused.exit_code == 2
    assert "holds a teacher with other options" in refused.stderr

    searched = run(*SEARCH, *SMALL, "--data", data, "--teacher", tuned, "--out", found)
    assert searched.exit_code == 0, searched.stderr
    assert "teacher fine-tuned on" in searched.stdout
    best = json.loads((found / "best.json").read_text("utf-8"))
    assert from_genotype(best["genotype"]).canonical_key == best["canonical_key"]
    assert (best["kd_loss"], best["fine_tuned_on"]) == ("emd", "moods")
    assert {"best.png", "rewards.png", "rewards.csv"} <= {path.name for path in found.iterdir()}
    assert any((tmp_path / "cache" / "teachers").rglob("relations.f16"))

    train = ["train", "classifier", "--space", "emd_cell", "--data", data,
             "--architecture", found / "best.json", *SMALL, "--epochs", 2,
             "--optimizer", "sgd", "--learning-rate", 0.02, "--drop-path", 0.1,
             "--output", "addnorm", "--json"]  # fmt: skip
    losses = {}
    for name, options in {
        "distilled": ["--teacher", tuned, "--kd-weight", 2],
        "soft": ["--teacher", tuned, "--kd-loss", "soft_labels"],
        "tokens": ["--teacher", tuned, "--kd-loss", "none"],
        "words": [],
    }.items():
        trained = run(*train, *options, "--out", tmp_path / name)
        assert trained.exit_code == 0, trained.stderr
        losses[name] = json.loads(trained.stdout)["train_losses"][0]
    assert len(set(losses.values())) == 4


@pytest.mark.parametrize(
    "strategy", [pytest.param("darts", marks=pytest.mark.slow), "random_one_shot"]
)
def test_other_strategies_use_the_same_tokens(
    strategy: str, data: Path, teacher_folder: Path, tmp_path: Path
) -> None:
    options = ["--space", "emd_cell", "--data", data, "--teacher", teacher_folder, *SMALL]
    searched = run("one-shot", *options, "--strategy", strategy, "--epochs", 1, "--out",
                   tmp_path / "out", "--json")  # fmt: skip
    assert searched.exit_code == 0, searched.stderr
    best = json.loads(searched.stdout)
    assert best["vectors"].startswith(f"tokens of {teacher_folder}")
    assert "kd_loss" not in best


@pytest.mark.slow
def test_teacher_without_fine_tuning(data: Path, teacher_folder: Path, tmp_path: Path) -> None:
    options = ["--data", data, "--teacher", teacher_folder, "--out", tmp_path / "out"]
    searched = run(*SEARCH, *SMALL, *options, "--kd-loss", "skip_mapping")
    assert searched.exit_code == 0, searched.stderr
    assert "nothing: fine-tune it with" in " ".join(searched.stdout.split())
    assert json.loads((tmp_path / "out" / "best.json").read_text())["fine_tuned_on"] is None


WRONG = {
    "no such teacher": ([*SEARCH, "--teacher", "./no/such/one"], "no such folder"),
    "no such distillation loss": (
        [*SEARCH, "--kd-loss", "nonsense"],
        "unknown distillation loss 'nonsense'",
    ),
    "logits that are none": ([*SEARCH, "--kd-loss", "soft_labels"], "does not classify"),
    "one epoch": ([*SEARCH, "--epochs", 1], "kd_emd needs 2 epochs"),
    "vectors as well": ([*SEARCH, "--vectors", "x.txt"], "give vectors or a teacher, not both"),
    "no layers in cells": ([*SEARCH, "--layers", 3], "no setting 'layers'"),
    "a distillation loss for darts": (
        [*SEARCH, "--strategy", "darts", "--kd-loss", "emd"],
        "darts does not distill: give no distillation loss",
    ),
    "a distillation loss without a teacher": (
        [
            "train",
            "classifier",
            "--space",
            "emd_cell",
            "--architecture",
            "example",
            "--kd-loss",
            "emd",
        ],
        "--kd-loss requires --teacher",
    ),
    "a size of another space": (
        [
            "train",
            "classifier",
            "--space",
            "textnas",
            "--architecture",
            "published",
            "--drop-path",
            0.1,
        ],
        "--drop-path does not apply to space textnas",
    ),
    "batches of nothing": (["teacher", "--learning-rate", 0], "learning_rate must be above 0"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_errors(fault: str, data: Path, teacher_folder: Path, tmp_path: Path) -> None:
    arguments, message = WRONG[fault]
    out = tmp_path / "out"
    takes_teacher = arguments[0] != "train" and "--teacher" not in arguments
    teacher = ["--teacher", teacher_folder] if takes_teacher else []
    refused = run(*arguments, "--data", data, *teacher, "--out", out)
    assert refused.exit_code == 2, refused.stdout
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not out.exists()
