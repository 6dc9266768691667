"""Vocabularies of labelled sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.reading import LineError, numbered_lines
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence

PAD = "<pad>"
UNKNOWN = "<unk>"


class Numbering(Protocol):
    """Interface of vocabularies of words or tokens; id 0 is padding."""

    def __len__(self) -> int:
        """Return the size of the vocabulary."""

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Return the ids (length,) of each sentence, at most `limit`."""

    def save(self, path: Path) -> None:
        """Write the words or tokens, one per line."""


@dataclass(frozen=True)
class Vocabulary:
    """Words by id: 0 is padding, 1 is any unknown word."""

    words: tuple[str, ...]

    @classmethod
    def of(
        cls, labelled: LabelledSet, min_count: int = 1, known: Collection[str] = ()
    ) -> Vocabulary:
        """Collect the words of train, and those of dev and test in `known`.

        Words of train must occur `min_count` times; words are sorted by frequency, then
        alphabetically. `known` are the words with pretrained vectors: vectors of other words of
        dev and test could not be trained.
        """
        counts = _counts(labelled.train)
        kept = dict.fromkeys((PAD, UNKNOWN))
        kept |= dict.fromkeys(_ranked(counts, (w for w in counts if counts[w] >= min_count)))
        others = _counts((*labelled.dev, *labelled.test))
        kept |= dict.fromkeys(_ranked(others, (w for w in others if w in known)))
        return cls(tuple(kept))

    def __len__(self) -> int:
        return len(self.words)

    def ids(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Return ids (words,) of words."""
        unknown = self._numbers[UNKNOWN]
        return np.array([self._numbers.get(word, unknown) for word in words], dtype=np.int64)

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Return ids (words,) of the first `limit` words of each sentence."""
        return tuple(self.ids(words[:limit]) for words in sentences)

    def save(self, path: Path) -> None:
        """Write one word per line, atomically. Raises UserError."""
        with atomic_write(path) as new:
            new.write_text("".join(f"{word}\n" for word in self.words), "utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote. Raises UserError for any other file."""
        lines: dict[str, int] = {}
        for number, word in numbered_lines(path):
            if len(word.split()) != 1:
                raise LineError(path, number, f"expected one word, got {word[:40]!r}")
            if word in lines:
                raise LineError(path, number, f"{word[:40]!r} is already in line {lines[word]}")
            lines[word] = number
        if tuple(lines)[:2] != (PAD, UNKNOWN):
            raise UserError(
                f"{path} is not a vocabulary: it does not begin with {PAD} and {UNKNOWN}"
            )
        return cls(tuple(lines))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}


def _counts(sentences: Iterable[Sentence]) -> Counter[str]:
    return Counter(word for words, _ in sentences for word in words)


def _ranked(counts: Counter[str], words: Iterable[str]) -> Iterator[str]:
    yield from sorted(words, key=lambda word: (-counts[word], word))
