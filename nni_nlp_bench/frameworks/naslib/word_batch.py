"""Batch of words with random vectors, as data loader of NASLib's zero-cost measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.frameworks.naslib.networks import WIDTH
from search_spaces.base import SearchSpace
from search_spaces.sentence_space import SentenceSpace

SENTENCES, TEXT = "docstrings", "pydoc-small"
"""Default data for classifiers and recurrent cells; neither needs a download."""


@dataclass(frozen=True, slots=True, eq=False)
class WordBatch:
    """Data loader with one batch of word vectors and labels."""

    vectors: Tensor
    """Vectors of shape (batch, length, width); zero for padding."""
    labels: Tensor
    """Labels of shape (batch,)."""
    classes: int

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter([(self.vectors, self.labels)])

    def __len__(self) -> int:
        return 1


def word_batch(
    space: SearchSpace[Any],
    data: str | None = None,
    seed: int = 0,
    batch_size: int = 32,
    length: int = 32,
) -> WordBatch:
    """Return a batch for networks of a search space.

    Classifiers get labelled sentences; recurrent cells get text of a corpus, with the next words as
    labels.

    Args:
        space: Search space of the networks.
        data: Name, file or folder of labelled sentences, or name or folder of a corpus; None for
            a default.
        seed: Seed of the word vectors.
        batch_size: Number of sentences, or of columns of text.
        length: Number of words per sentence or column.

    Raises:
        UserError: the data cannot be loaded.
    """
    if isinstance(space.unwrapped, SentenceSpace):
        return _of_sentences(data or SENTENCES, seed, batch_size, length)
    return _of_text(data or TEXT, seed, batch_size, length)


def _of_sentences(data: str, seed: int, batch_size: int, length: int) -> WordBatch:
    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.data.sentences.vocabulary import Vocabulary

    labelled = load_labelled_set(data)
    vocabulary = Vocabulary.of(labelled)
    sentences = labelled.train[:batch_size]
    numbers = torch.zeros(len(sentences), length, dtype=torch.long)
    found = vocabulary.numbers([sentence.words for sentence in sentences], length)
    for row, words in enumerate(found):
        numbers[row, : len(words)] = torch.from_numpy(words)
    labels = torch.tensor([sentence.label for sentence in sentences])
    vectors = _vectors(len(vocabulary), seed)
    vectors[0] = 0  # padding
    return WordBatch(vectors[numbers], labels, len(labelled.labels))


def _of_text(data: str, seed: int, batch_size: int, length: int) -> WordBatch:
    from nni_nlp_bench.data.batches import columns
    from nni_nlp_bench.data.corpora import load_corpus

    corpus = load_corpus(data)
    rows = columns(corpus.train, batch_size)
    words = len(corpus.vocabulary)
    return WordBatch(_vectors(words, seed)[rows[:length].T], rows[length], words)


def _vectors(words: int, seed: int) -> Tensor:
    return torch.randn(words, WIDTH, generator=torch.Generator().manual_seed(seed))
