"""The comparison of sentence classifiers, on texts that are learned in seconds."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("torch")

import sentence_comparison
from sentence_comparison_methods import Method
from sentence_comparison_report import labelled, significantly_better, summary

from nni_nlp_bench.core.errors import UserError

METHODS = "tfidf,bag_of_vectors,textnas:published,emd_cell:random,emd_cell:kd_emd:skip_mapping"
CHEAP = "tfidf,emd_cell:random"


@pytest.mark.parametrize(
    ("name", "searched"),
    [
        ("tfidf", False),
        ("textnas:published", False),
        ("emd_cell:random", True),
        ("emd_cell:kd_emd:none", True),
    ],
)
def test_what_is_searched(name: str, searched: bool) -> None:
    assert Method(name).is_searched is searched


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm", "no baseline"),
        ("emd_cell:best", "best"),
        ("emd_cell:textnas_enas", "does not search"),
        ("nowhere:random", "nowhere"),
    ],
)
def test_unknown_methods_are_refused(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Method(name)


def rows(**accuracies: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "method": name,
                "seed": seed,
                "run": 0,
                "kd_loss": "none",
                "parameters": 10,
                "test_accuracy": value,
                "cpu_s": 1.0,
                "status": "OK",
            }
            for name, values in accuracies.items()
            for seed, value in enumerate(values)
        ]
    )


def test_only_clear_differences_are_significant() -> None:
    """`level` overlaps with `good`; one training alone is compared with nothing."""
    table = labelled(
        rows(good=[0.9, 0.91, 0.92], level=[0.89, 0.92, 0.9], bad=[0.7, 0.71, 0.69], one=[0.1])
    )
    wins = significantly_better(table)
    assert wins == {"good": 1, "level": 1, "bad": 0, "one": 0}
    shown = summary(table, None)
    assert shown["method"].tolist() == ["good", "level", "bad", "one"]
    assert shown["test accuracy, %"].iloc[0] == "91.00 ± 1.00"


@pytest.mark.slow
def test_a_comparison_is_resumed(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    data = tmp_path / "data"
    data.mkdir()
    texts = [f"{word} it is,{word}" for word in ("good", "bad")] * 20
    for part in ("train", "dev", "test"):
        (data / f"{part}.csv").write_text("\n".join(["text,label", *texts]) + "\n", "utf-8")
    out = tmp_path / "out"
    options = {
        "--data": data, "--teacher": "minilm-l6", "--out": out,
        "--budget-s": 1, "--search-width": 4, "--width": 4, "--search-epochs": 1, "--epochs": 1,
        "--workers": 1,
    }  # fmt: skip

    def read(name: str) -> list[dict[str, str]]:
        with (out / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def run(methods: str, seeds: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        words = [word for pair in options.items() for word in pair]
        command = [sys.executable, "-W", "ignore", sentence_comparison.__file__, *words]
        command += ["--methods", methods, "--seeds", seeds]
        ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return read("searches.csv"), read("trainings.csv")

    searches, trainings = run(METHODS, 1)
    assert [row["method"] for row in searches] == METHODS.split(",")[3:]
    assert [row["method"] for row in trainings] == METHODS.split(",")
    assert {row["status"] for row in trainings} == {"OK"}
    more = run(CHEAP, 2)
    assert more[0][: len(searches)] == searches
    assert more[1][: len(trainings)] == trainings
    assert [row["seed"] for row in more[1]] == ["0"] * 5 + ["1"] * 2
    table = (out / "accuracy.md").read_text("utf-8")
    assert all(f"| {name} |" in table for name in METHODS.split(","))
    assert (out / "accuracy.png").stat().st_size > 5_000
