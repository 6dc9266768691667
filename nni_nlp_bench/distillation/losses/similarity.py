"""Similarity-preserving loss (Tung and Mori, 2019)."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerwiseLoss


class Similarity(LayerwiseLoss):
    """Squared distance of similarity matrices between the sentences of a batch.

    A matrix holds the inner products of flattened hidden states, with L2-normalized rows.

    F. Tung, G. Mori, Similarity-Preserving Knowledge Distillation (ICCV 2019). Lower is better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """Return the similarity matrix (batch, batch) of a layer (batch, length, width)."""
        values = layer.flatten(1)
        similarities = functional.normalize(values @ values.t(), dim=-1)
        return similarities / math.sqrt(len(layer))  # the paper divides by batch^2
