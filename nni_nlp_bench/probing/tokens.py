"""Tokenization of sentences for a language model, in Penn Treebank style."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.data.words import split
from nni_nlp_bench.probing.errors import EvaluationError

UNKNOWN = "<unk>"
NUMBER = "N"
"""Token of all numbers in Mikolov's Penn Treebank."""
_DIGITS = re.compile(r"\d[\d.,:/]*")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sentences as ids."""

    ids: tuple[NDArray[np.int64], ...]
    """One array per sentence; empty if none of its words has an id."""
    words: int
    """Number of words, excluding punctuation without an id."""
    known: int
    """Number of words in the vocabulary."""

    @property
    def known_share(self) -> float | None:
        """Fraction of known words; None without words."""
        return self.known / self.words if self.words else None


class Tokenizer:
    """Splits sentences into the words of one vocabulary.

    A word is looked up as it is written, else in lower case, else as a number. One that is not
    found becomes `<unk>` if the vocabulary has it, else it is dropped. Punctuation that is not
    found is dropped always: some corpora, such as Mikolov's Penn Treebank, have none.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        if not vocabulary:
            raise EvaluationError("the vocabulary is empty: give that of a trained model")
        self._ids = {word: i for i, word in enumerate(vocabulary)}
        self._unknown = self._ids.get(UNKNOWN)

    def tokens(self, sentences: Sequence[str]) -> Tokens:
        """Return the ids of each sentence, and the number of known words."""
        ids: list[NDArray[np.int64]] = []
        words = known = 0
        for sentence in sentences:
            found = [self._id(word) for word in self.split(sentence) if self._counts(word)]
            words += len(found)
            known += sum(i not in (None, self._unknown) for i in found)
            kept = (self._unknown if i is None else i for i in found)
            ids.append(np.array([i for i in kept if i is not None], dtype=np.int64))
        return Tokens(tuple(ids), words, known)

    def split(self, sentence: str) -> list[str]:
        """Split a sentence: `It isn't.` into It, is, n't and `.`; `Mr.` is kept if it is known."""
        return split(sentence, lambda chunk: self._id(chunk) is not None)

    def _id(self, word: str) -> int | None:
        for spelling in (word, word.lower()):
            if spelling in self._ids:
                return self._ids[spelling]
        return self._ids.get(NUMBER) if _DIGITS.fullmatch(word) else None

    def _counts(self, word: str) -> bool:
        return self._id(word) is not None or any(map(str.isalnum, word))
