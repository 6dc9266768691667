"""Sentence classifiers: embedding, network and loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.training.classification.batches import Batch


class Metrics(NamedTuple):
    """Metrics of a classifier on one part of the data."""

    loss: float
    """Mean cross-entropy in nats per sentence: lower is better."""
    accuracy: float
    """Fraction of correctly classified sentences: higher is better."""
    macro_f1: float
    """Mean F1 of all labels: higher is better; 0 for a label that neither occurs nor is predicted.
    """
    f1: float | None = None
    """F1 of the second of two labels: higher is better; None for more labels. 0 if the label
    neither occurs nor is predicted."""


class Embedding(nn.Module):
    """Trainable word vectors with dropout."""

    def __init__(self, matrix: NDArray[np.float32], dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(matrix))
        self.dropout = nn.Dropout(dropout)

    def forward(self, words: Tensor) -> Tensor:
        """Return vectors (batch, length, width) of ids (batch, length)."""
        vectors: Tensor = self.dropout(functional.embedding(words, self.weight, padding_idx=0))
        return vectors


class Classifier(nn.Module):
    """Embedding and network; the network takes word vectors and a mask, as `TextNas`."""

    def __init__(self, embedding: Embedding, network: nn.Module) -> None:
        super().__init__()
        self.embedding = embedding
        self.network = network

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (batch, classes)."""
        logits: Tensor = self.network(self.embedding(batch.words), batch.mask)
        return logits

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean cross-entropy of a batch, in nats per sentence."""
        return functional.cross_entropy(self(batch), batch.labels)

    def after_step(self) -> None:
        """Update other state after each step of the optimizer; nothing by default."""

    def evaluate(self, batches: Iterable[Batch]) -> Metrics:
        """Return loss, accuracy and F1, without dropout and with running statistics."""
        training = self.training
        self.eval()
        losses = torch.zeros((), dtype=torch.float64)
        confusion: Tensor | None = None
        with torch.inference_mode():
            for batch in batches:
                logits = self(batch).cpu()
                labels = batch.labels.cpu()
                losses += functional.cross_entropy(logits, labels, reduction="sum")
                classes = logits.shape[1]
                pairs = (labels * classes + logits.argmax(1)).bincount(minlength=classes**2)
                counted = pairs.view(classes, classes)
                confusion = counted if confusion is None else confusion + counted
        self.train(training)
        assert confusion is not None, "there are no sentences"
        count = int(confusion.sum())
        f1s = f1_scores(confusion.numpy())
        of_two = float(f1s[1]) if len(f1s) == 2 else None
        accuracy = int(confusion.trace()) / count
        return Metrics(losses.item() / count, accuracy, float(f1s.mean()), of_two)


def f1_scores(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return F1 of each label (labels,) of a confusion matrix (true label, predicted label).

    0 for a label that neither occurs nor is predicted.
    """
    hits = np.diagonal(confusion)
    scores: NDArray[np.float64] = 2 * hits / np.maximum(1, confusion.sum(0) + confusion.sum(1))
    return scores
