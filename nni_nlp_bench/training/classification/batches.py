"""Batches of sentences of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.data.sentences.labelled_set import Sentence
from nni_nlp_bench.data.sentences.vocabulary import Numbering

PADDING = 0
"""The number of `<pad>`."""
POOL = 50
"""Batches whose sentences are sorted by length together: shorter padding, still a random order."""
Part = Literal["train", "dev"]


class Batch(NamedTuple):
    """Some sentences, each padded to the longest of them."""

    words: Tensor
    """(batch, length) ids; 0 is padding."""
    labels: Tensor
    """(batch,)"""
    rows: Tensor
    """(batch,): which sentences of the encoded ones they are"""
    part: Part = "train"
    """What a one-shot search does with it: `train` weights, or tell architectures apart."""

    @property
    def mask(self) -> Tensor:
        """(batch, length), true at words."""
        return self.words != PADDING

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(self.words.to(device), self.labels.to(device), self.rows.to(device), self.part)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Sentences as ids of words."""

    words: tuple[NDArray[np.int64], ...]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], vocabulary: Numbering, max_length: int) -> Encoded:
        """Cut to `max_length` words each."""
        words = vocabulary.numbers([sentence.words for sentence in sentences], max_length)
        return cls(words, np.array([sentence.label for sentence in sentences], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.words)

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All sentences, shortest first: for evaluation."""
        order = np.argsort([len(words) for words in self.words], kind="stable")
        for start in range(0, len(order), batch_size):
            yield self._batch(order[start : start + batch_size], "dev")

    def shuffled(
        self, batch_size: int, rng: np.random.Generator, part: Part = "train"
    ) -> list[Batch]:
        """All sentences in a random order of batches of like length."""
        order = rng.permutation(len(self))
        lengths = np.array([len(words) for words in self.words])
        batches: list[NDArray[np.intp]] = []
        for start in range(0, len(order), POOL * batch_size):
            pool = order[start : start + POOL * batch_size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
        return [self._batch(batches[i], part) for i in rng.permutation(len(batches))]

    def _batch(self, chosen: NDArray[np.intp], part: Part) -> Batch:
        longest = max(len(self.words[i]) for i in chosen)
        words = np.full((len(chosen), longest), PADDING, dtype=np.int64)
        for row, i in enumerate(chosen):
            words[row, : len(self.words[i])] = self.words[i]
        labels, rows = torch.from_numpy(self.labels[chosen]), torch.from_numpy(chosen)
        return Batch(torch.from_numpy(words), labels, rows, part)
