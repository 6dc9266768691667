"""Baseline classifiers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.sequences import padding_of, stem_input
from search_spaces.textnas.ops import BidirectionalGru

KERNELS = (3, 4, 5)
"""Kernel sizes of the CNN (Kim, 2014, arXiv 1408.5882)."""


class BagOfVectors(nn.Module):
    """Mean of the word vectors and a linear layer, as fastText without n-grams.

    A. Joulin et al., Bag of Tricks for Efficient Text Classification (arXiv 1607.01759).
    """

    def __init__(self, vectors: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(vectors, classes)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return logits for word vectors (batch, length, vectors) and a mask (batch, length)."""
        weights = mask.to(vectors.dtype)[..., None]
        mean = (vectors * weights).sum(1) / weights.sum(1)
        logits: Tensor = self.linear(self.dropout(mean))
        return logits


class BiGru(nn.Module):
    """Bidirectional GRU, mean pooling, dropout and a linear layer."""

    def __init__(self, vectors: int, width: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = nn.Linear(vectors, width)
        self.gru = BidirectionalGru(width, dropout=dropout)
        self.linear = nn.Linear(width, classes)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return logits for word vectors (batch, length, vectors) and a mask (batch, length)."""
        padding = padding_of(mask)
        outputs = self.gru(self.stem(vectors).transpose(1, 2), padding)
        logits: Tensor = self.linear(outputs.sum(-1) / (~padding).sum(-1))
        return logits


class Cnn(nn.Module):
    """Kim's CNN: three convolutions, max pooling, dropout and a linear layer."""

    def __init__(self, vectors: int, width: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(vectors, width, kernel, padding=kernel // 2) for kernel in KERNELS
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(len(KERNELS) * width, classes)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return logits for word vectors (batch, length, vectors) and a mask (batch, length)."""
        padding = padding_of(mask)
        inputs = stem_input(vectors, padding)
        length = inputs.shape[-1]
        largest = [
            functional.relu(convolution(inputs)[..., :length]).masked_fill(padding, 0).amax(-1)
            for convolution in self.convolutions
        ]
        logits: Tensor = self.linear(self.dropout(torch.cat(largest, 1)))
        return logits


BASELINES: dict[str, Callable[..., nn.Module]] = {
    "bag_of_vectors": BagOfVectors,
    "bigru": BiGru,
    "cnn": Cnn,
}
"""Baseline networks by name. Arguments: vectors, classes, dropout, and width but for the bag."""
