"""Which sentences of a batch a layer makes alike."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerByLayer


class Similarity(LayerByLayer):
    """Distance of similarities: products of sentences' values (length x width), rows of length 1.

    F. Tung, G. Mori, Similarity-Preserving Knowledge Distillation (ICCV 2019). Lower is better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """(batch, length, width) to (batch, batch)."""
        values = layer.flatten(1)
        similarities = functional.normalize(values @ values.t(), dim=-1)
        return similarities / math.sqrt(len(layer))  # the paper divides by batch^2
