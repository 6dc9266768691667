"""Real words as random vectors, for scores of untrained networks: what NASLib calls a loader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.frameworks.naslib.networks import WIDTH
from search_spaces.base import SearchSpace, SentenceSpace

SENTENCES, TEXT = "docstrings", "pydoc-small"
"""What networks of sentences and recurrent cells read by default; both need no download."""


@dataclass(frozen=True, slots=True, eq=False)
class WordBatch:
    """One batch of word vectors and labels; to iterate over it gives the batch, once."""

    vectors: Tensor
    """(batch, length, width); zero where no word stands."""
    labels: Tensor
    """(batch,)"""
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
    """A batch for the networks of a space; each word has a vector that follows from `seed`.

    Classifiers read labelled sentences, `data` by name or folder, and recurrent cells the text of a
    corpus, whose labels are the words that follow. Raises UserError.
    """
    if isinstance(space, SentenceSpace):
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
