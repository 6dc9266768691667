"""Labelled sets by name: TREC, missing files and unknown names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import Sentence
from nni_nlp_bench.data.sentences.sets import LABELLED_SETS, load_labelled_set


def test_trec(shared: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(shared("data/trec").parent))
    labelled = load_labelled_set("trec")
    assert labelled.labels == ("0", "1", "2", "3", "4", "5")
    sizes = [len(part) for part in (labelled.train, labelled.dev, labelled.test)]
    assert sizes == [4_953, 499, 500]
    counts = Counter(label for _, label in labelled.test)
    assert [counts[label] for label in range(6)] == [138, 94, 9, 65, 81, 113]
    question = ("how", "far", "is", "it", "from", "denver", "to", "aspen", "?")
    assert labelled.test[0] == Sentence(question, 5)
    assert not {words for words, _ in labelled.train} & {words for words, _ in labelled.dev}
    assert labelled.digest.startswith("cb574eb2ce7d")


def test_trec_as_it_was_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(tmp_path))
    (tmp_path / "trec").mkdir()
    lines = [f"{kind}:x What is caf\xe9 {i} ?" for kind in ("DESC", "HUM") for i in range(30)]
    (tmp_path / "trec/TREC.train.all").write_text("\n".join(lines), "latin-1")
    (tmp_path / "trec/TREC.test.all").write_text("HUM:ind Who ?\n", "latin-1")
    labelled = load_labelled_set("trec")
    assert labelled.labels == ("DESC", "HUM")
    assert labelled.test == (Sentence(("who", "?"), 1),)
    assert labelled.train[0].words[:3] == ("what", "is", "café")
    assert len(labelled.train) + len(labelled.dev) == 60
    for line in ("DESC:x", "", ":x Who ?"):
        (tmp_path / "trec/TREC.test.all").write_text(f"HUM:ind Who ?\n{line}\nHUM x", "latin-1")
        with pytest.raises(UserError) as caught:
            load_labelled_set("trec")
        start = f"{tmp_path / 'trec/TREC.test.all'}:2: expected a label and a question, got"
        assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    ("name", "missing", "folder"),
    [
        ("sst-2", "train.txt and dev.txt and test.txt", "sst"),
        ("sst-5", "train.txt and dev.txt and test.txt", "sst"),
        ("trec", "TREC.train.all and TREC.test.all", "trec"),
    ],
)
def test_missing_files_are_named(
    name: str, missing: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(tmp_path))
    with pytest.raises(UserError) as caught:
        load_labelled_set(name)
    expected = (
        f"labelled set {name} is not available: put {missing} into {tmp_path / folder} (https:"
    )
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    known = "known: docstrings, mrpc, rte, sst-2, sst-5, trec, datasets:NAME, a file, or"
    with pytest.raises(UserError, match=f"unknown labelled set 'sst-3'; {known}"):
        load_labelled_set("sst-3")


def test_every_entry_has_a_description() -> None:
    assert all(LABELLED_SETS.get(name).description for name in LABELLED_SETS)
