"""TF-IDF with logistic regression as a network of term counts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.models.export.graph import BATCH, Graph, Tensors
from nni_nlp_bench.models.tfidf import TfidfClassifier
from nni_nlp_bench.training.linear import LinearClassifier

SMALLEST = 1e-12
"""Least length of a feature vector: that of a text without known terms is 0."""


class TfidfNetwork(nn.Module):
    """Logits (batch, labels) of term counts (batch, terms).

    They are log-probabilities: of two labels the model itself has one score alone.
    """

    def __init__(self, model: LinearClassifier) -> None:
        super().__init__()
        for name in ("idf", "weights", "bias"):
            values = torch.from_numpy(np.asarray(getattr(model, name), dtype=np.float32))
            self.register_buffer(name, values)

    def forward(self, counts: Tensor) -> Tensor:
        frequencies = torch.where(counts > 0, 1 + counts.clamp_min(1).log(), 0.0)
        features = frequencies * self.get_buffer("idf")
        length = features.square().sum(1, keepdim=True).sqrt()
        scores = functional.linear(
            features / length.clamp_min(SMALLEST),
            self.get_buffer("weights"),
            self.get_buffer("bias"),
        )
        if scores.shape[1] == 1:
            scores = torch.cat([torch.zeros_like(scores), scores], 1)
        return scores.log_softmax(1)


def tfidf_graph(classifier: TfidfClassifier) -> Graph:
    """Return the network of a TF-IDF classifier."""
    model = classifier.model

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        counts = torch.zeros(batch, len(model.terms))
        terms = torch.randint(len(model.terms), (batch, length), generator=random)
        return (counts.scatter_add_(1, terms, torch.ones(batch, length)),)

    def reference(counts: Tensor) -> Tensors:
        with np.errstate(divide="ignore"):  # a probability of 0
            found = np.log(model.probabilities_of_counts(counts.numpy()))
        return (torch.from_numpy(found),)

    return Graph(TfidfNetwork(model), {"counts": (BATCH,)}, ("logits",), draw, reference)
