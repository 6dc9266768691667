"""The study of TextNAS on tables that are learned in seconds."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import textnas_study

SIZES = {"vectors": 50, "classes": 6}


@pytest.mark.parametrize("name", ["bi-gru", "cnn"])
def test_plain_classifiers_are_as_large_as_they_can_be(name: str) -> None:
    width = textnas_study.plain_width(name, 100_000, SIZES)
    off = [
        abs(textnas_study.plain_parameters(name, w, SIZES) - 100_000)
        for w in range(width - 1, width + 2)
    ]
    assert min(off) == off[1]
    assert off[1] < 2_000


def test_the_rivals_are_as_large_as_the_published_architecture() -> None:
    rivals = textnas_study.rivals_of(32, SIZES, [], 2)
    assert [rival.name for rival in rivals] == [
        "published", "random, as large", "bi-gru", "cnn", "random 1", "random 2",
    ]  # fmt: skip
    keys = {rival.architecture for rival in rivals if rival.architecture}
    assert len(keys) == 4
    again = textnas_study.rivals_of(32, SIZES, [], 2)
    assert rivals == again


@pytest.mark.slow
def test_a_study_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{word} it is,{word}" for word in ("good", "bad")] * 20
    for part in ("train", "dev", "test"):
        (data / f"{part}.csv").write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    out = tmp_path / "out"
    words = ["--data", data, "--out", out, "--width", 8, "--epochs", 1, "--batch-size", 16]

    def run(seeds: int) -> list[dict[str, str]]:
        command = [sys.executable, "-W", "ignore", textnas_study.__file__, *words, "--seeds", seeds]
        ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "test accuracy" in ran.stdout
        with (out / "trainings.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    first, second = run(1), run(2)
    assert second[: len(first)] == first
    assert [row["seed"] for row in second] == ["0"] * 4 + ["1"] * 4
    assert {row["rival"] for row in second} == {"published", "random, as large", "bi-gru", "cnn"}
