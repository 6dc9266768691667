"""On which words the neurons of a layer are active together."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerByLayer


class NeuronSelectivity(LayerByLayer):
    """Squared maximum mean discrepancy of neurons with the kernel (x'y)^2.

    Z. Huang, N. Wang, Like What You Like: Knowledge Distill via Neuron Selectivity Transfer (2017).
    A neuron is a sample: its values over a sentence's words, of length 1. Lower is better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """(batch, length, width) to (batch, length, length): the mean of x x' over neurons x, whose
        distance that of the kernel's means is."""
        neurons = functional.normalize(layer, dim=1)
        return neurons @ neurons.transpose(1, 2) / layer.shape[-1]
