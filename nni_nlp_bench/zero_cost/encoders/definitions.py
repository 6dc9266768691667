"""The scores of A. Serianni and J. Kalita (ACL 2023) for encoders, defined as in their code.

Most are a sum over parts of the network; the normalised ones are the mean over these parts.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

from nni_nlp_bench.zero_cost.encoders.passes import EncoderStatistics, Weight
from nni_nlp_bench.zero_cost.spectra import cosine_score, spectrum_score
from search_spaces.encoder.parameters import num_parameters


@dataclass(frozen=True, slots=True)
class Summed(ABC):
    """The sum of one number a part of the network, or their mean where it is normalised."""

    normalised: bool = False
    higher_is_better: bool = True

    @abstractmethod
    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One number for each part."""

    def of(self, passes: EncoderStatistics) -> float:
        """The sum or the mean."""
        parts = self.parts(passes)
        return math.fsum(parts) / (len(parts) if self.normalised else 1)


class SynapticDiversity(Summed):
    """Nuclear norms of the operations' matrices times those of their gradients (Zhou et al.)."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One product a matrix."""
        return [_nuclear(w.value) * _nuclear(w.gradient) for w in passes.mixing]


class SynapticSaliency(Summed):
    """sum |w * dw| over the feed-forward networks (H. Tanaka et al., SynFlow)."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One sum a matrix."""
        return [_importance(w) for w in passes.feed_forward]


class HeadImportance(Summed):
    """sum |w * dw| over the matrices whose outputs are heads (after P. Michel et al.)."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One sum a matrix."""
        return [_importance(w) for w in passes.heads]


class ActivationDistance(Summed):
    """How often activations have the same sign at two places of a text, over all pairs."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One count an activation. The published sums count each as often as the code had run."""
        return passes.alike


class HeadConfidence(Summed):
    """The largest output of a head's matrices over the places of a text, in the mean."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One mean a matrix: three of an attention, or four; one of a linear transform."""
        return passes.head_confidence


class SoftmaxConfidence(Summed):
    """The largest share that any head gives to a place, in the mean."""

    __slots__ = ()

    def parts(self, passes: EncoderStatistics) -> list[float]:
        """One mean a layer."""
        return passes.softmax_confidence


@dataclass(frozen=True, slots=True)
class PlaceJacobian:
    """How little the gradients by the channels of the place embeddings are alike."""

    figure: Callable[[NDArray[Any]], float]
    higher_is_better: bool = True

    def of(self, passes: EncoderStatistics) -> float:
        """The figure of the Jacobian's rows, one a channel."""
        return self.figure(passes.jacobian)


class EncoderParameters:
    """Number of parameters of the encoder, with the release's vocabulary of 30,522."""

    higher_is_better = True

    def of(self, passes: EncoderStatistics) -> float:
        """The count."""
        return float(num_parameters(passes.encoder))


def _nuclear(matrix: torch.Tensor) -> float:
    return float(torch.linalg.svdvals(matrix).sum())


def _importance(weight: Weight) -> float:
    return float((weight.value * weight.gradient).abs().sum(dtype=torch.float64))


SYNAPTIC_DIVERSITY = SynapticDiversity()
SYNAPTIC_DIVERSITY_NORMALISED = SynapticDiversity(normalised=True)
SYNAPTIC_SALIENCY = SynapticSaliency()
SYNAPTIC_SALIENCY_NORMALISED = SynapticSaliency(normalised=True)
ACTIVATION_DISTANCE = ActivationDistance()
ACTIVATION_DISTANCE_NORMALISED = ActivationDistance(normalised=True)
JACOBIAN_COVARIANCE = PlaceJacobian(spectrum_score)
JACOBIAN_COSINE = PlaceJacobian(cosine_score, higher_is_better=False)
HEAD_IMPORTANCE = HeadImportance()
HEAD_IMPORTANCE_NORMALISED = HeadImportance(normalised=True)
HEAD_CONFIDENCE = HeadConfidence()
HEAD_CONFIDENCE_NORMALISED = HeadConfidence(normalised=True)
SOFTMAX_CONFIDENCE = SoftmaxConfidence()
SOFTMAX_CONFIDENCE_NORMALISED = SoftmaxConfidence(normalised=True)
NUM_PARAMS = EncoderParameters()
