"""Which words a layer is busy with."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerByLayer


class AttentionTransfer(LayerByLayer):
    """Distance of attention maps: the sum of squares of each word, a sentence's of length 1.

    S. Zagoruyko, N. Komodakis, Paying More Attention to Attention (ICLR 2017). Lower is better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """(batch, length, width) to (batch, length)."""
        return functional.normalize(layer.square().sum(-1), dim=-1)
