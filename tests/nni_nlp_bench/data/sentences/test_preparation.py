"""Prepared data and its report, for files, folders, names and the library `datasets`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.preparation import prepare_labelled
from nni_nlp_bench.data.sentences.sets import load_labelled_set


def write(file: Path, rows: list[tuple[str, str]]) -> None:
    lines = (json.dumps({"body": text, "mood": label}) for text, label in rows)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """32 rows: one without text, a text twice, and a text with both labels."""
    rows = [(f"this is text {i}", ("sad", "glad")[i % 3 > 0]) for i in range(28)]
    path = tmp_path / "mail.jsonl"
    write(path, [*rows, ("This is TEXT 4", "glad"), ("", "sad"), ("well", "sad"), ("well", "glad")])
    return path


def test_the_report_of_a_file(file: Path) -> None:
    prepared = prepare_labelled(str(file), label="mood")
    report = prepared.report
    assert json.loads(json.dumps(report.to_dict())) == {
        "source": str(file),
        "rows": 32,
        "skipped": 1,
        "removed": 0,
        "columns": {"text": "body", "label": "mood", "pair": None},
        "seed": 0,
        "counts": {
            "train": {"glad": 16, "sad": 9},
            "dev": {"glad": 2, "sad": 1},
            "test": {"glad": 2, "sad": 1},
        },
        "lengths": {"median": 4.0, "percentile_95": 4.0, "longest": 4},
        "duplicates": {
            "within": {"train": 2, "dev": 0, "test": 0},
            "between": {
                "train-dev": {"count": 0, "examples": []},
                "train-test": {"count": 0, "examples": []},
                "dev-test": {"count": 0, "examples": []},
            },
            "conflicts": {"count": 1, "examples": ["well"]},
        },
    }
    assert report.lines() == [
        f"{file}: 32 rows, of which 1 without text or label are left out",
        "columns: text 'body', label 'mood'",
        "split: 80/10/10 by label, seed 0; equal texts are in one part",
        "words per text: median 4, 95th percentile 4, maximum 4",
        "label     train       dev      test",
        "glad         16         2         2",
        "sad           9         1         1",
        "total        25         3         3",
        "duplicate rows: 2 in train, 0 in dev, 0 in test",
        "texts with several labels, kept in train: 1, such as 'well'",
    ]


def test_another_seed_gives_another_split(file: Path) -> None:
    one, same, other = (prepare_labelled(str(file), label="mood", seed=s) for s in (0, 0, 1))
    assert one == same
    assert one.data.digest != other.data.digest
    assert other.report.seed == 1


def test_texts_in_several_parts_of_a_folder(tmp_path: Path) -> None:
    write(
        tmp_path / "train.jsonl", [("a b c", "x"), ("d e f", "y"), ("g h i", "x"), ("d e f", "y")]
    )
    write(tmp_path / "dev.ndjson", [("D e f", "x"), ("new text", "y")])
    write(tmp_path / "test.jsonl", [("more texts", "y"), ("new text", "y"), ("", "x")])
    prepared = prepare_labelled(str(tmp_path), label="mood", text="body")
    assert prepared.data.name == tmp_path.name
    assert (prepared.report.seed, prepared.report.rows, prepared.report.skipped) == (None, 9, 1)
    lines = prepared.report.lines()
    assert "split: the parts of the source" in lines
    assert lines[-4:] == [
        "duplicate rows: 1 in train, 0 in dev, 0 in test",
        "texts in both train and dev: 1, such as 'd e f'",
        "texts in both dev and test: 1, such as 'new text'",
        "texts with several labels: 1, such as 'd e f'",
    ]
    with pytest.raises(UserError, match="every text of the label 'y' in train is also in dev or"):
        prepare_labelled(str(tmp_path), label="mood", text="body", remove_leaks=True)
    write(
        tmp_path / "train.jsonl", [("a b c", "x"), ("d e f", "y"), ("g h i", "y"), ("d e f", "y")]
    )
    cleaned = prepare_labelled(str(tmp_path), label="mood", text="body", remove_leaks=True)
    assert cleaned.report.removed == 2
    assert cleaned.report.counts["train"] == {"x": 1, "y": 1}
    assert "removed from train: 2 rows whose text is in dev or test" in cleaned.report.lines()


def test_a_registered_set_has_parts_and_no_columns() -> None:
    prepared = prepare_labelled("docstrings")
    assert prepared.data == load_labelled_set("docstrings")
    assert (prepared.report.columns, prepared.report.seed) == (None, None)
    assert sum(map(len, prepared.data.parts().values())) == prepared.report.rows
    with pytest.raises(UserError, match="docstrings has no columns to name: leave out --text"):
        prepare_labelled("docstrings", label="label")


def test_trees_have_no_columns(tmp_path: Path) -> None:
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.txt").write_text("(3 (2 so) (4 good))\n(1 (2 so) (0 bad))\n", "utf-8")
    assert prepare_labelled(str(tmp_path)).report.duplicates.within["train"] == 1
    with pytest.raises(UserError, match="has no columns to name"):
        prepare_labelled(str(tmp_path), pair="second")


def test_many_labels_and_control_characters_fit_the_table(tmp_path: Path) -> None:
    rows = [(f"text {i} of {k}", f"l{k}\n\x1b[31m") for k in range(30) for i in range(3 + k)]
    write(tmp_path / "a.jsonl", rows)
    lines = prepare_labelled(str(tmp_path / "a.jsonl"), text="body", label="mood").report.lines()
    assert all(line.isprintable() for line in lines)
    assert lines[5].startswith("l29\\n\\x1b[31m ")
    assert lines[-2] == "and 10 more labels"
