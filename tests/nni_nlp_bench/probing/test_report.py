"""Evaluation results as a table, CSV and JSON, including missing values."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.probing.classification import Score, TaskResult
from nni_nlp_bench.probing.evaluate import Evaluation
from nni_nlp_bench.probing.report import COLUMNS, report, table_rows, write_csv, write_json
from nni_nlp_bench.probing.word_similarity import Similarity

SCORES = (Score("accuracy", 0.75, 0.692), Score("f1", 0.8, 0.8177))
EVALUATION = Evaluation(
    similarities=(
        Similarity("SIMLEX-999", 0.25, 1000, 875),
        Similarity("RW", None, 2034, 2, "too few known pairs"),
    ),
    tasks=(TaskResult("mrpc", SCORES, 3576, 500, 0.9, 1200, 0.01),),
    seed=3,
)


def test_rows_of_the_table() -> None:
    rows = table_rows(EVALUATION)
    note = "1,200 sentences have no known word"
    assert rows == [
        ("SIMLEX-999", "spearman", "0.250", "-", "875", "87.5%", ""),
        ("RW", "spearman", "-", "-", "2", "0.1%", "too few known pairs"),
        ("mrpc", "accuracy", "0.750", "0.692", "500", "90.0%", note),
        ("mrpc", "f1", "0.800", "0.818", "500", "90.0%", note),
    ]
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_csv_has_one_row_per_metric(tmp_path: Path) -> None:
    file = tmp_path / "evaluation.csv"
    write_csv(file, EVALUATION)
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["SIMLEX-999", "RW", "mrpc", "mrpc"]
    assert [row["value"] for row in rows] == ["0.25", "", "0.75", "0.8"]
    assert [row["majority"] for row in rows] == ["", "", "0.692", "0.8177"]
    assert rows[0]["known_share"] == "0.875"


def test_json_has_everything(tmp_path: Path) -> None:
    file = tmp_path / "evaluation.json"
    write_json(file, EVALUATION)
    found = json.loads(file.read_text())
    assert found == json.loads(json.dumps(report(EVALUATION)))
    assert found["word_similarity"][1]["rho"] is None
    assert found["word_similarity"][0]["known_share"] == 0.875
    assert found["tasks"][0]["scores"][1] == {"metric": "f1", "value": 0.8, "majority": 0.8177}
    assert (found["seed"], found["tasks"][0]["strength"]) == (3, 0.01)


def test_nothing_evaluated_is_a_header_alone(tmp_path: Path) -> None:
    file = tmp_path / "nothing.csv"
    write_csv(file, Evaluation((), (), 0))
    assert file.read_text().count("\n") == 1
    assert table_rows(Evaluation((), (), 0)) == []


@pytest.mark.parametrize("write", [write_csv, write_json])
def test_a_file_that_cannot_be_written_is_named(
    write: Callable[[Path, Evaluation], None], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"cannot write .*absent"):
        write(tmp_path / "absent" / "file", EVALUATION)
