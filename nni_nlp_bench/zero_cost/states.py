"""Scores of what the layers compute: states and activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from nni_nlp_bench.zero_cost.passes import NetworkStatistics
from nni_nlp_bench.zero_cost.spectra import spectrum_score


@dataclass(frozen=True, slots=True)
class HiddenCovariance:
    """How little the units of a layer's state are correlated over steps and sequences.

    A. Serianni, J. Kalita, Training-free NAS for RNNs and Transformers (ACL 2023), as its published
    code computes it: by unit, where the text says by mini-batch.
    """

    higher_is_better: ClassVar[bool] = True
    layer: int
    """From 0."""

    def of(self, passes: NetworkStatistics) -> float:
        """The spectrum score of `h_prev_0`, units x (steps and sequences)."""
        if self.layer >= len(passes.traces):
            return float("nan")
        states = passes.traces[self.layer]["h_prev_0"]
        return spectrum_score(states.permute(2, 1, 0).flatten(1).numpy())


class ActivationDistance:
    """How well the signs of all activations tell the sequences of a batch apart.

    Serianni & Kalita 2023, after NASWOT: of an activation's value. Sigmoids are always positive.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """log |det K|, K = sum of c c' + (1 - c)(1 - c)' over the codes c of layers and nodes."""
        return _log_determinant(passes, sigmoid_threshold=0.0)


class Naswot:
    """The same with the signs before the activations, as NASWOT takes those before ReLU.

    J. Mellor et al., Neural Architecture Search without Training (ICML 2021).
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """log |det K|, as above."""
        return _log_determinant(passes, sigmoid_threshold=0.5)


class LinearRegions:
    """How many patterns of signs occur (W. Chen et al., TE-NAS, ICLR 2021).

    A sample is one step of one sequence, its pattern the signs before all activations.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """Number of distinct patterns."""
        codes = [
            (values > (0.5 if sigmoid else 0)).flatten(0, 1).numpy()
            for values, sigmoid in _activations(passes)
        ]
        if not codes:
            return 1.0
        packed = np.packbits(np.concatenate(codes, axis=1), axis=1)
        return float(len(np.unique(packed, axis=0)))


class HiddenSynapticSaliency:
    """sum |h * dh| over the states `h_prev_0` of all layers, dh by the sum of all outputs.

    Serianni & Kalita 2023, whose published values add up several passes: compare ranks.
    """

    higher_is_better: ClassVar[bool] = False

    def of(self, passes: NetworkStatistics) -> float:
        """The sum; the first state is zero."""
        layers = zip(passes.traces, passes.state_gradients, strict=True)
        total = sum(
            float((trace["h_prev_0"][1:] * gradient[:-1]).abs().nansum(dtype=torch.float64))
            for trace, gradient in layers
        )
        return float(total)


def _log_determinant(passes: NetworkStatistics, sigmoid_threshold: float) -> float:
    """log |det K|; -inf where two sequences have one code."""
    batch = passes.tokens.shape[1]
    kernel = np.zeros((batch, batch))
    for values, sigmoid in _activations(passes):
        threshold = sigmoid_threshold if sigmoid else 0.0
        codes = (values > threshold).transpose(0, 1).flatten(1).float()
        both = (codes @ codes.t()).double().numpy()
        ones = both.diagonal()
        kernel += 2 * both + codes.shape[1] - ones[:, None] - ones[None, :]
    return float(np.linalg.slogdet(kernel)[1])


def _activations(passes: NetworkStatistics) -> list[tuple[Tensor, bool]]:
    """Values (time, batch, hidden) of all activations, and whether each is a sigmoid."""
    ops = {node.name: node.op for node in passes.recipe.nodes}
    return [
        (values, ops[name] == "activation_sigm")
        for trace in passes.traces
        for name, values in trace.items()
        if ops.get(name, "").startswith("activation_")
    ]


LAYER1_HIDDEN_COVARIANCE = HiddenCovariance(0)
LAYER2_HIDDEN_COVARIANCE = HiddenCovariance(1)
LAYER3_HIDDEN_COVARIANCE = HiddenCovariance(2)
ACTIVATION_DISTANCE = ActivationDistance()
HIDDEN_SYNAPTIC_SALIENCY = HiddenSynapticSaliency()
NASWOT = Naswot()
LINEAR_REGIONS = LinearRegions()
