"""Word similarity: published sets, correlations by hand and by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.word_sets import WordPair, WordSet, read_word_set, read_word_sets
from nni_nlp_bench.probing.word_similarity import word_similarities

Shared = Callable[[str], Path]

PAIRS = {
    "MC-30": 30,
    "MEN-TR-3k": 3000,
    "MTurk-287": 287,
    "MTurk-771": 771,
    "RG-65": 65,
    "RW-STANFORD": 2034,
    "SIMLEX-999": 999,
    "SimVerb-3500": 3500,
    "VERB-143": 144,
    "WS-353-ALL": 353,
    "WS-353-REL": 252,
    "WS-353-SIM": 203,
    "YP-130": 130,
}
WORDS = ("east", "north-east", "north", "west", "south", "nowhere")
EMBEDDINGS = np.array([[1, 0], [2, 2], [0, 3], [-1, 0], [0, -5], [0, 0]], dtype=np.float64)
PLANTED = WordSet(
    "planted",
    (
        WordPair("east", "north-east", 9.0),  # cosine .71
        WordPair("north", "North-East", 7.0),  # .71: a tie of cosines
        WordPair("EAST", "north", 5.0),  # 0
        WordPair("west", "south", 7.0),  # 0: a tie of both
        WordPair("east", "west", 1.0),  # -1
        WordPair("east", "elsewhere", 9.9),  # unknown
        WordPair("east", "nowhere", 9.9),  # without direction
    ),
)


def test_the_published_sets(shared: Shared) -> None:
    sets = read_word_sets(shared("data/wordsim"))
    assert {words.name: len(words.pairs) for words in sets} == PAIRS
    assert sets[0].pairs[0] == WordPair("car", "automobile", 3.92)
    assert sets[9].pairs[2] == WordPair("tiger", "tiger", 10.0)


def test_embeddings_made_of_the_scores_themselves_agree_with_people(shared: Shared) -> None:
    """Every pair gets two words of its own, at the angle whose cosine is the score."""
    words = read_word_set(shared("data/wordsim/EN-SIMLEX-999.txt"))
    cosines = np.array([pair.score for pair in words.pairs]) / 10
    names = tuple(f"{side}{i}" for side in "ab" for i in range(len(cosines)))
    right = np.column_stack([cosines, np.sqrt(1 - cosines**2)])
    own = WordSet(
        "own", tuple(WordPair(f"a{i}", f"b{i}", p.score) for i, p in enumerate(words.pairs))
    )
    embeddings = np.vstack([np.tile([1.0, 0.0], (len(cosines), 1)), right])
    (found,) = word_similarities([own], names, embeddings)
    assert found.rho == pytest.approx(1.0)
    assert (found.pairs, found.known_share) == (999, 1.0)


def test_a_planted_set_by_hand_with_ties() -> None:
    """Ranks of cosines 4.5 4.5 2.5 2.5 1 and of scores 5 3.5 2 3.5 1."""
    (found,) = word_similarities([PLANTED], WORDS, EMBEDDINGS)
    cosines, scores = [4.5, 4.5, 2.5, 2.5, 1], [5, 3.5, 2, 3.5, 1]
    assert found.rho == pytest.approx(np.corrcoef(cosines, scores)[0, 1])
    assert found.rho == pytest.approx(spearmanr(cosines, scores).statistic)
    assert (found.pairs, found.known_pairs, found.note) == (7, 5, None)
    assert found.known_share == pytest.approx(5 / 7)


@given(st.integers(0, 10**6))
def test_random_embeddings_give_scipys_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"w{i}" for i in range(12)]
    embeddings = rng.normal(size=(12, 4))
    pairs = [WordPair(*rng.choice(names, 2), float(rng.integers(0, 4))) for _ in range(30)]
    cosines = []
    for pair in pairs:
        one, other = (embeddings[names.index(word)] for word in (pair.first, pair.second))
        cosine = one @ other / np.sqrt((one @ one) * (other @ other))
        cosines.append(round(float(cosine), 12))
    (found,) = word_similarities([WordSet("random", tuple(pairs))], names, embeddings)
    expected = spearmanr(cosines, [pair.score for pair in pairs]).statistic
    assert found.rho == pytest.approx(expected)


def test_length_and_order_of_embeddings_do_not_matter(rng: np.random.Generator) -> None:
    order = rng.permutation(len(WORDS))
    stretched = EMBEDDINGS * rng.uniform(0.1, 9, size=(len(WORDS), 1))
    names = [WORDS[i] for i in order]
    expected = word_similarities([PLANTED], WORDS, EMBEDDINGS)
    assert word_similarities([PLANTED], names, stretched[order]) == expected


def test_a_word_in_lower_case_stands_before_its_other_spellings() -> None:
    pair = WordPair("Polish", "wax", 1.0)
    words = WordSet("spelt", (pair, WordPair("wax", "wax", 2.0), WordPair("oil", "wax", 0.0)))
    embeddings = np.array([[-1, 0], [1, 1], [1, 0], [-1, 0]], dtype=np.float64)
    (found,) = word_similarities([words], ["Polish", "polish", "wax", "Oil"], embeddings)
    assert (found.known_pairs, found.rho) == (3, pytest.approx(1.0))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("known", [0, 1, 2])
def test_too_few_known_pairs_have_no_correlation(known: int) -> None:
    pairs = PLANTED.pairs[:known] + PLANTED.pairs[5:]
    (found,) = word_similarities([WordSet("few", pairs)], WORDS, EMBEDDINGS)
    assert found.rho is None
    assert found.note == f"too few known pairs: {known}, at least 3 are needed"
    assert (found.pairs, found.known_pairs) == (known + 2, known)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(("score", "name"), [(0.0, "human scores"), (1.0, "cosines")])
def test_equal_values_have_no_correlation(score: float, name: str) -> None:
    pairs = tuple(
        WordPair("east", other, score * i)
        for i, other in enumerate(("north", "west", "north-east") if score == 0 else ["north"] * 3)
    )
    (found,) = word_similarities([WordSet("equal", pairs)], WORDS, EMBEDDINGS)
    assert (found.rho, found.note) == (None, f"the {name} of all known pairs are equal")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("sun moon", "expected two words and a score, got 'sun moon'"),
        ("sun\tmoon\t1.0\t2.0", "expected two words and a score"),
        ("", "expected two words and a score, got ''"),
        ("sun\tmoon\thigh", "the score must be a finite number, got 'high'"),
        ("sun\tmoon\tnan", "the score must be a finite number, got 'nan'"),
    ],
)
def test_a_malformed_line_is_named(line: str, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "EN-BAD.txt"
    file.write_text(f"sun\tlight\t3.5\r\n{line}\nsea\tland\t1\n")
    with pytest.raises(UserError) as caught:
        read_word_sets(tmp_path)
    assert str(caught.value).startswith(f"{file}:2: {fault}")
    assert "\n" not in str(caught.value)


def test_a_folder_without_sets_and_files_without_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"holds no word-similarity set: give the folder"):
        read_word_sets(tmp_path)
    file = tmp_path / "EN-BAD.txt"
    file.write_bytes(b"")
    with pytest.raises(UserError, match=r"EN-BAD\.txt is empty"):
        read_word_set(file)
    file.write_bytes(b"caf\xe9\tbar\t1\n")
    with pytest.raises(UserError, match=r"EN-BAD\.txt:1: not UTF-8 text"):
        read_word_set(file)
    with pytest.raises(UserError, match=r"cannot read .*absent\.txt: No such file"):
        read_word_set(tmp_path / "absent.txt")


def test_embeddings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EvaluationError, match="shape 5 x 2 do not fit a vocabulary of 6 words"):
        word_similarities([PLANTED], WORDS, EMBEDDINGS[:5])
    broken = EMBEDDINGS.copy()
    broken[2, 1] = np.nan
    with pytest.raises(EvaluationError, match="the embedding of 'north' is not finite"):
        word_similarities([PLANTED], WORDS, broken)
