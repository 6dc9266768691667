"""Attention-transfer loss (Zagoruyko and Komodakis, 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerwiseLoss


class AttentionTransfer(LayerwiseLoss):
    """Squared distance of attention maps.

    A map is the sum of squares over the width per token, normalized per sentence.

    S. Zagoruyko, N. Komodakis, Paying More Attention to Attention (ICLR 2017). Lower is better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """Return the attention maps (batch, length) of a layer (batch, length, width)."""
        return functional.normalize(layer.square().sum(-1), dim=-1)
