"""The treebank: published counts, phrases and invalid trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.data.sentences.trees import MAX_DEPTH, phrases

Named = Callable[[str], LabelledSet]


@pytest.fixture
def named(shared: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Named:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(shared("data/sst").parent))
    return load_labelled_set


def test_every_phrase_of_a_tree_the_sentence_first() -> None:
    assert phrases("(4 (2 It) (3 (2 -LRB-) (1 (0 is\u00a01\\/2) (2 n't))))") == [
        Sentence(("it", "(", "is", "1/2", "n't"), 4),
        Sentence(("it",), 2),
        Sentence(("(", "is", "1/2", "n't"), 3),
        Sentence(("(",), 2),
        Sentence(("is", "1/2", "n't"), 1),
        Sentence(("is", "1/2"), 0),
        Sentence(("n't",), 2),
    ]


trees = st.recursive(
    st.tuples(st.integers(0, 4), st.text("abc", min_size=1)),
    lambda inner: st.tuples(st.integers(0, 4), st.lists(inner, min_size=1, max_size=3)),
)


@given(trees)
def test_any_tree(tree: tuple[int, object]) -> None:
    def text(node: tuple[int, object]) -> str:
        label, below = node
        inner = below if isinstance(below, str) else " ".join(map(text, below))  # type: ignore
        return f"({label} {inner})"

    def expected(node: tuple[int, object]) -> list[Sentence]:
        label, below = node
        if isinstance(below, str):
            return [Sentence((below,), label)]
        children = [expected(child) for child in below]  # type: ignore[attr-defined]
        words = tuple(word for child in children for word in child[0].words)
        return [Sentence(words, label), *(phrase for child in children for phrase in child)]

    assert phrases(text(tree)) == expected(tree)


def test_sst_5(named: Named) -> None:
    labelled = named("sst-5")
    sizes = [len(part) for part in (labelled.train, labelled.dev, labelled.test)]
    assert sizes == [318_582, 1_101, 2_210]
    assert labelled.labels[0] == "very negative"
    grades = Counter(label for _, label in labelled.test)
    assert [grades[label] for label in range(5)] == [279, 633, 389, 510, 399]
    assert labelled.test[0] == Sentence(("effective", "but", "too-tepid", "biopic"), 2)


@pytest.mark.slow
def test_sst_2_is_glues(named: Named, shared: Callable[[str], Path]) -> None:
    labelled = named("sst-2")
    sizes = [len(part) for part in (labelled.train, labelled.dev, labelled.test)]
    assert sizes == [98_794, 872, 1_821]
    assert Counter(label for _, label in labelled.dev) == {0: 428, 1: 444}
    glue = load_labelled_set(str(shared("data/sst2_tsv")))
    assert [len(part) for part in (glue.train, glue.dev, glue.test)] == [60_614, 6_735, 872]
    assert glue.labels == ("0", "1")
    assert set(glue.test) == set(labelled.dev)


def test_the_training_sentences(shared: Callable[[str], Path]) -> None:
    lines = shared("data/sst/train.txt").read_text("utf-8").splitlines()
    roots = [phrases(line)[0] for line in lines]
    assert len(roots) == 8_544
    assert sum(label != 2 for _, label in roots) == 6_920


def test_a_folder_of_trees_is_sst_5(tmp_path: Path) -> None:
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.txt").write_text("(3 (2 so) (4 good))\n(0 bad)\n", "utf-8")
    labelled = load_labelled_set(str(tmp_path))
    assert labelled.train[:2] == (Sentence(("so", "good"), 3), Sentence(("so",), 2))
    assert labelled.dev == (Sentence(("so", "good"), 3), Sentence(("bad",), 0))
    assert (len(labelled.train), len(labelled.labels)) == (4, 5)


@pytest.mark.parametrize(
    ("tree", "fault"),
    [
        ("", "no tree"),
        ("plain text", "expected a tree such as (3 (2 so) (4 good)), got 'plain text'"),
        (")", "expected a tree such as"),
        ("(3 (2 so) (4 good)", "brackets that are not closed: 1"),
        ("(3 (2 so) (4 good", "the word 'good' is not in its own brackets"),
        ("(3 (2 so) (4 good)))", "')' after the end of the tree"),
        ("(3 good) (2 so)", "'(' after the end of the tree"),
        ("(5 good)", "a label must be 0 to 4, got '5'"),
        ("(good)", "a label must be 0 to 4, got 'good'"),
        ("(", "a label must be 0 to 4, got ''"),
        ("(3 so good)", "the word 'so' is not in its own brackets"),
        ("(3 (2 so) good)", "the word 'good' is not in its own brackets"),
        ("(3 (2 so) (4 ))", "a phrase without words"),
        ("(3 (2 so\u2028) (4 \u2028))", "a phrase without words"),
    ],
)
def test_a_malformed_tree_is_named(tmp_path: Path, tree: str, fault: str) -> None:
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.txt").write_text(f"(3 (2 so) (4 good))\n{tree}\n(1 x)\n", "utf-8")
    with pytest.raises(UserError) as caught:
        load_labelled_set(str(tmp_path))
    assert str(caught.value).startswith(f"{tmp_path / 'train.txt'}:2: {fault}")
    assert "\n" not in str(caught.value)


def test_the_depth_of_a_tree_is_bounded() -> None:
    def tree(depth: int) -> str:
        return "(3 " * depth + "(2 a)" + " (2 b))" * depth

    assert len(phrases(tree(MAX_DEPTH - 1))) == 2 * MAX_DEPTH - 1
    with pytest.raises(ValueError, match="nested more than 300 times"):
        phrases(tree(MAX_DEPTH))
