"""Intrinsic evaluation: do words that people call alike have embeddings that point alike?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import check_embeddings
from nni_nlp_bench.probing.word_sets import WordPair, WordSet

FEWEST_PAIRS = 3
"""With fewer known pairs there is no correlation to speak of."""
_DIGITS = 12
"""Cosines that agree to so many digits after the point are ties."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """One set of word pairs against one model's embeddings."""

    name: str
    rho: float | None
    """Spearman's rank correlation of cosines with human scores over the known pairs, ties at
    their mean rank: 1 is best, 0 is chance. None where it is undefined, for `remark` says why."""
    pairs: int
    known_pairs: int
    """Pairs of which the vocabulary has both words."""
    remark: str | None = None

    @property
    def known_share(self) -> float:
        """Known pairs as a share of all pairs: 1 is best. Sets of unequal share compare badly."""
        return self.known_pairs / self.pairs


def word_similarities(
    sets: Iterable[WordSet], vocabulary: Sequence[str], embeddings: NDArray[np.float64]
) -> tuple[Similarity, ...]:
    """One result a set, in order. `embeddings` are words x width.

    Words are compared in lower case; where a vocabulary has several spellings of one word, that in
    lower case counts, else the first. A word whose embedding is all zeros has no direction, so it
    counts as unknown. Unknown pairs are left out, as Faruqui and Dyer (ACL 2014) do.
    """
    check_embeddings(vocabulary, embeddings)
    lengths = np.linalg.norm(embeddings, axis=1)
    rows = {word: row for word, row in _rows(vocabulary).items() if lengths[row] > 0}
    directions = embeddings / np.where(lengths > 0, lengths, 1.0)[:, None]
    return tuple(_similarity(words, rows, directions) for words in sets)


def _rows(vocabulary: Sequence[str]) -> dict[str, int]:
    """Lower-cased word -> its row."""
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
    remark = _why_undefined(cosines, scores)
    rho = _spearman(cosines, scores) if remark is None else None
    return Similarity(words.name, rho, len(words.pairs), len(known), remark)


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
