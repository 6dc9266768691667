"""Corpora: tokenization, file names, known counts and errors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpora import CORPORA, load_corpus
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.data.folder import read_folder


def write(folder: Path, **parts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in parts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return folder


def words(corpus: Corpus, part: str) -> list[str]:
    return [corpus.vocabulary[i] for i in getattr(corpus, part)]


def test_words_are_numbered_as_they_appear_with_an_end_after_every_line(tmp_path: Path) -> None:
    write(tmp_path, train="b a\n\n  b  c\n", valid="d a", test="b\te\n")
    corpus = read_folder(tmp_path, "mine")
    assert corpus.name == "mine"
    assert corpus.vocabulary == ("b", "a", "<eos>", "c", "d", "e")
    assert corpus.train.tolist() == [0, 1, 2, 2, 0, 3, 2]
    assert words(corpus, "valid") == ["d", "a", "<eos>"]
    assert words(corpus, "test") == ["b", "e", "<eos>"]
    assert corpus.train.dtype == np.int64


@pytest.mark.parametrize(
    "names",
    [
        ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"),
        ("train.txt", "validation.txt", "test.txt"),
        ("Train.txt", "dev.txt", "TEST.txt"),
        ("train.txt", "val.txt", "test.txt"),
    ],
)
def test_every_naming_of_files(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name, text in zip(names, ("a b", "a", "b"), strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "README.txt").write_text("not a part", "utf-8")
    corpus = load_corpus(str(tmp_path))
    assert corpus.name == tmp_path.name
    assert words(corpus, "train") == ["a", "b", "<eos>"]


def test_different_texts_have_different_digests(tmp_path: Path) -> None:
    same = [
        read_folder(write(tmp_path / name, train="a b", valid="a", test="b")).digest
        for name in ("one", "two")
    ]
    order = read_folder(write(tmp_path / "three", train="b a", valid="a", test="b")).digest
    words = read_folder(write(tmp_path / "four", train="c d", valid="c", test="d")).digest
    assert same[0] == same[1]
    assert len({same[0], order, words}) == 3


def test_a_part_that_is_missing_empty_double_or_no_text(tmp_path: Path) -> None:
    def error(folder: Path) -> str:
        with pytest.raises(UserError) as caught:
            read_folder(folder)
        return str(caught.value)

    folder = write(tmp_path / "c", train="a", valid="a")
    assert error(folder) == f"{folder} has no file for the part 'test', such as test.txt"
    write(folder, test="")
    assert error(folder) == "the part 'test' of corpus c is empty"
    write(folder, **{"test": "a", "x.test": "b"})
    expected = f"{folder} has more than one file for the part 'test': test.txt and x.test.txt"
    assert error(folder) == expected
    (folder / "x.test.txt").unlink()
    (folder / "test.txt").write_bytes(b"one\ntw\xff\n")
    assert (
        error(folder) == f"{folder / 'test.txt'}:2: not UTF-8 text (invalid start byte): convert it"
    )
    assert error(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'} is not a folder"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="unknown corpus 'ptv'; known: ptb, pydoc, pydoc-small"):
        load_corpus("ptv")


@pytest.mark.parametrize("name", ["ptb", "wikitext-2"])
def test_named_corpora_are_read_from_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(tmp_path))
    write(tmp_path / name, train="a", valid="a", test="a")
    assert load_corpus(name).name == name


def test_without_files_and_library_the_error_names_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(tmp_path))
    monkeypatch.setitem(sys.modules, "datasets", None)
    folder = tmp_path / "ptb"
    expected = f"put train.txt, valid.txt and test.txt into {folder}, or, with a network"
    with pytest.raises(UserError) as caught:
        load_corpus("ptb")
    assert expected in str(caught.value)
    assert "pip install 'nni-nlp-bench[corpora]'" in str(caught.value)


def test_penn_treebank(shared: Callable[[str], Path]) -> None:
    corpus = read_folder(shared("data/ptb"))
    assert len(corpus.vocabulary) == 10_000
    assert (len(corpus.train), len(corpus.valid), len(corpus.test)) == (929_589, 73_760, 82_430)
    assert words(corpus, "valid")[:3] == ["consumers", "may", "want"]


@pytest.mark.parametrize(("name", "least"), [("pydoc", 50_000), ("pydoc-small", 15_000)])
def test_pythons_documentation(name: str, least: int) -> None:
    corpus = load_corpus(name)
    assert len(corpus.vocabulary) == 1_000
    assert len(corpus.train) > least
    assert 0.08 < len(corpus.valid) / len(corpus.train) < 0.2
    assert 0.08 < len(corpus.test) / len(corpus.train) < 0.2
    unknown = corpus.vocabulary.index("<unk>")
    assert 0 < np.mean(corpus.train == unknown) < 0.2


def test_pythons_documentation_is_the_same_in_another_process() -> None:
    program = (
        "from nni_nlp_bench.data.corpora import load_corpus; print(load_corpus('pydoc').digest)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4321"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == load_corpus("pydoc").digest


def test_every_entry_has_a_description() -> None:
    assert all(CORPORA.get(name).description for name in CORPORA)
