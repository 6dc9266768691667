"""Neuron selectivity transfer (Huang and Wang, 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.layerwise import LayerwiseLoss


class NeuronSelectivity(LayerwiseLoss):
    """Squared maximum mean discrepancy between neurons with the kernel (x'y)^2.

    Z. Huang, N. Wang, Like What You Like: Knowledge Distill via Neuron Selectivity Transfer (2017).
    A sample is a neuron: its activations over the tokens of a sentence, L2-normalized. Lower is
    better.
    """

    def features(self, layer: Tensor) -> Tensor:
        """Return the mean of x x' over neurons x, (batch, length, length).

        The distance of these means is that of the kernel's mean embeddings.
        """
        neurons = functional.normalize(layer, dim=1)
        return neurons @ neurons.transpose(1, 2) / layer.shape[-1]
