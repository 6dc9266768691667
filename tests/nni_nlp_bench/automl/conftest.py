"""A small file of reviews, and one finished run on it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nni_nlp_bench.data.sentences.preparation import prepare_labelled

if TYPE_CHECKING:
    from nni_nlp_bench.automl.result import AutoMLResult


def write_reviews(path: Path, count: int = 240) -> Path:
    """Texts of common words, one of which tells the label; some are there twice."""
    rng = np.random.default_rng(0)
    words = {"good": ("great", "fine", "lovely"), "bad": ("awful", "poor", "dull")}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "review", "stars"])
        for i in range(count):
            label = ("good", "bad")[i % 2]
            text = [f"word{n}" for n in rng.integers(30, size=int(rng.integers(2, 7)))]
            text.insert(int(rng.integers(len(text))), str(rng.choice(words[label])))
            writer.writerow([i, " ".join(text), label])
    return path


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("reviews") / "reviews.csv")


@pytest.fixture(scope="session")
def run(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> AutoMLResult:
    """A finished run without an encoder; its folder is not to be changed."""
    from nni_nlp_bench.automl.run import run_automl
    from nni_nlp_bench.automl.settings import AutoMLSettings

    settings = AutoMLSettings(time_s=5.0, spaces=("emd_cell",), threads=1)
    prepared = prepare_labelled(str(reviews), label="stars")
    return run_automl(prepared, settings, tmp_path_factory.mktemp("run") / "out")
