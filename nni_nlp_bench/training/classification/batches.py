"""Batches of sentences of similar length."""

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
"""Id of `<pad>`."""
POOL = 50
"""Number of batches per pool that is sorted by length: less padding, still a random order."""
Part = Literal["train", "dev"]


class Batch(NamedTuple):
    """Sentences padded to the longest of them."""

    words: Tensor
    """Ids (batch, length); 0 is padding."""
    labels: Tensor
    """Label ids (batch,)."""
    rows: Tensor
    """Indices (batch,) of the encoded sentences."""
    part: Part = "train"
    """Use in a one-shot search: `train` for weights, `dev` for rewards."""

    @property
    def mask(self) -> Tensor:
        """Mask (batch, length), true at words."""
        return self.words != PADDING

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(self.words.to(device), self.labels.to(device), self.rows.to(device), self.part)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Encoded sentences."""

    words: tuple[NDArray[np.int64], ...]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], vocabulary: Numbering, max_length: int) -> Encoded:
        """Encode sentences, truncated to `max_length` words."""
        words = vocabulary.numbers([sentence.words for sentence in sentences], max_length)
        return cls(words, np.array([sentence.label for sentence in sentences], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.words)

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """Yield all sentences, shortest first, for evaluation."""
        order = np.argsort([len(words) for words in self.words], kind="stable")
        for start in range(0, len(order), batch_size):
            yield self._batch(order[start : start + batch_size], "dev")

    def shuffled(
        self, batch_size: int, rng: np.random.Generator, part: Part = "train"
    ) -> list[Batch]:
        """Return all sentences in a random order of batches of similar length."""
        order = rng.permutation(len(self))
        lengths = np.array([len(words) for words in self.words])
        batches: list[NDArray[np.intp]] = []
        for start in range(0, len(order), POOL * batch_size):
            pool = order[start : start + POOL * batch_size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
        return [self._batch(batches[i], part) for i in rng.permutation(len(batches))]

    def _batch(self, chosen: NDArray[np.intp], part: Part) -> Batch:
        words = padded([self.words[i] for i in chosen])
        labels, rows = torch.from_numpy(self.labels[chosen]), torch.from_numpy(chosen)
        return Batch(words, labels, rows, part)


def padded(sentences: Sequence[NDArray[np.int64]], length: int | None = None) -> Tensor:
    """Return ids (batch, length) of sentences, padded to the longest of them by default."""
    length = max(map(len, sentences)) if length is None else length
    words = np.full((len(sentences), length), PADDING, dtype=np.int64)
    for row, sentence in enumerate(sentences):
        words[row, : len(sentence)] = sentence
    return torch.from_numpy(words)
