"""Intrinsic evaluation: correlation of embedding similarity with human judgements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import check_embeddings
from nni_nlp_bench.probing.word_sets import WordPair, WordSet

FEWEST_PAIRS = 3
"""Minimum number of known pairs for a correlation."""
_DIGITS = 12
"""Decimal places to which cosines are rounded, so that equal ones are ties."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Result of one word-similarity set."""

    name: str
    rho: float | None
    """Spearman's rank correlation between cosines and human scores of the known pairs: 1 is
    best, 0 is chance. None if undefined; `note` gives the reason."""
    pairs: int
    known_pairs: int
    """Number of pairs with both words in the vocabulary."""
    note: str | None = None

    @property
    def known_share(self) -> float:
        """Fraction of known pairs. Results are comparable only at similar fractions."""
        return self.known_pairs / self.pairs


def word_similarities(
    sets: Iterable[WordSet], vocabulary: Sequence[str], embeddings: NDArray[np.float64]
) -> tuple[Similarity, ...]:
    """Return one result per set, in order. `embeddings` has the shape (words, width).

    Words are compared in lower case. Of several spellings of one word in the vocabulary, the
    lower-case one is used, else the first. A word with a zero embedding is unknown. Unknown pairs
    are left out, as in Faruqui and Dyer (ACL 2014).
    """
    check_embeddings(vocabulary, embeddings)
    lengths = np.linalg.norm(embeddings, axis=1)
    rows = {word: row for word, row in _rows(vocabulary).items() if lengths[row] > 0}
    directions = embeddings / np.where(lengths > 0, lengths, 1.0)[:, None]
    return tuple(_similarity(words, rows, directions) for words in sets)


def _rows(vocabulary: Sequence[str]) -> dict[str, int]:
    """Return the row of each lower-cased word."""
    rows: dict[str, int] = {}
    for row, word in enumerate(vocabulary):
        rows.setdefault(word.lower(), row)
    for row, word in enumerate(vocabulary):
        if word == word.lower():
            rows[word] = row
    return rows


def _similarity(
    words: WordSet, rows: Mapping[str, int], directions: NDArray[np.float64]
) -> Similarity:
    known = [pair for pair in words.pairs if _both(pair) <= rows.keys()]
    first = directions[[rows[pair.first.lower()] for pair in known]]
    second = directions[[rows[pair.second.lower()] for pair in known]]
    cosines = np.round((first * second).sum(axis=1), _DIGITS)
    scores = np.array([pair.score for pair in known], dtype=np.float64)
    note = _why_undefined(cosines, scores)
    rho = _spearman(cosines, scores) if note is None else None
    return Similarity(words.name, rho, len(words.pairs), len(known), note)


def _both(pair: WordPair) -> set[str]:
    return {pair.first.lower(), pair.second.lower()}


def _why_undefined(cosines: NDArray[np.float64], scores: NDArray[np.float64]) -> str | None:
    if len(scores) < FEWEST_PAIRS:
        return f"too few known pairs: {len(scores)}, at least {FEWEST_PAIRS} are needed"
    for name, values in (("cosines", cosines), ("human scores", scores)):
        if (values == values[0]).all():
            return f"the {name} of all known pairs are equal"
    return None


def _spearman(cosines: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(cosines, scores).statistic)
