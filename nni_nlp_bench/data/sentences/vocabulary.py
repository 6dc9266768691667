"""Numbers for the words of a labelled set."""

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
    """Numbers for the words of sentences, or for parts of words; 0 is padding."""

    def __len__(self) -> int:
        """How many numbers there are."""

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Of each sentence, at most `limit`: shape (numbers,)."""

    def save(self, path: Path) -> None:
        """Write what is numbered, one a line."""


@dataclass(frozen=True)
class Vocabulary:
    """Words by number: 0 fills up short sentences, 1 stands for every unknown word."""

    words: tuple[str, ...]

    @classmethod
    def of(
        cls, labelled: LabelledSet, min_count: int = 1, known: Collection[str] = ()
    ) -> Vocabulary:
        """The words that occur `min_count` times in train, and those of dev and test in `known`.

        The commonest comes first, equally common ones by alphabet. `known` are the words that
        pretrained vectors have: others cannot be learned from dev and test.
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
        """Numbers of the words, shape (words,)."""
        unknown = self._numbers[UNKNOWN]
        return np.array([self._numbers.get(word, unknown) for word in words], dtype=np.int64)

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Numbers of the first `limit` words of each sentence, shape (words,)."""
        return tuple(self.ids(words[:limit]) for words in sentences)

    def save(self, path: Path) -> None:
        """Write a word a line, whole or not at all. Raises UserError where that fails."""
        with atomic_write(path) as new:
            new.write_text("".join(f"{word}\n" for word in self.words), "utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """What `save` wrote. Raises UserError for any other file."""
        lines: dict[str, int] = {}
        for number, word in numbered_lines(path):
            if len(word.split()) != 1:
                raise LineError(path, number, f"expected one word, got {word[:40]!r}")
            if word in lines:
                raise LineError(path, number, f"{word[:40]!r} is in line {lines[word]} already")
            lines[word] = number
        if tuple(lines)[:2] != (PAD, UNKNOWN):
            raise UserError(f"{path} is no vocabulary: it does not begin with {PAD} and {UNKNOWN}")
        return cls(tuple(lines))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}


def _counts(sentences: Iterable[Sentence]) -> Counter[str]:
    return Counter(word for words, _ in sentences for word in words)


def _ranked(counts: Counter[str], words: Iterable[str]) -> Iterator[str]:
    yield from sorted(words, key=lambda word: (-counts[word], word))
