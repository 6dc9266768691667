"""The study of weight drop: its text, and that its page tells what its trainings say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("torch")

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/weight_drop.md").read_text("utf-8")


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(HOME / "experiments" / name))


def test_the_text_is_cut_and_rare_words_are_unknown(tmp_path: Path) -> None:
    text = tmp_path / "long"
    text.mkdir()
    (text / "train.txt").write_text(" often seldom\n" + " often other\n" * 2_500, "utf-8")
    for part in ("valid", "test"):
        (text / f"{part}.txt").write_text(" often strange\n" * 400, "utf-8")
    script("weight_drop.py")["shorten"](text, tmp_path / "short")
    lines = (tmp_path / "short" / "train.txt").read_text("utf-8").splitlines()
    assert lines == ["often seldom"] + ["often other"] * 1_999
    lines = (tmp_path / "short" / "valid.txt").read_text("utf-8").splitlines()
    assert lines == ["often <unk>"] * 300


@pytest.mark.slow
def test_the_page_tells_what_the_trainings_say() -> None:
    report = script("weight_drop_report.py")
    rows = pd.read_csv(HOME / "docs/data/weight_drop.csv")
    cells = report["first_seed"](rows)
    assert (len(rows), len(cells)) == (420, 150)
    report["correlations"].__globals__["RESAMPLES"] = 20
    taus = report["correlations"](rows, cells)
    for pair, told in (
        ("release with trained", "| as drawn with trained | 133 | .49 |"),
        ("release with published", "| as drawn with published | 147 | .28 |"),
        ("trained with published", "| trained with published | 133 | .15 |"),
    ):
        assert told in PAGE
        row = taus.loc[pair]
        assert f"| {int(row.cells)} | {row.tau:.2f} |".replace("0.", ".") in told
    states = report["by_states"](cells)
    assert states.release_failed.tolist() == [1, 1, 1]
    assert states.trained_failed.tolist() == [4, 4, 9]
