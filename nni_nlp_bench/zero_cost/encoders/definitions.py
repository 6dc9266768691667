"""Zero-cost scores of encoders (A. Serianni and J. Kalita, ACL 2023), as in the published code.

Most are a sum over parts of the network; the normalised ones are the mean over these parts.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from nni_nlp_bench.zero_cost.spectra import cosine_score, spectrum_score
from search_spaces.encoder.architecture import EncoderArchitecture
from search_spaces.encoder.parameters import num_parameters

if TYPE_CHECKING:
    from torch import Tensor

    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics, Weight


@dataclass(frozen=True, slots=True)
class Summed(ABC):
    """Sum of one value per part of the network, or the mean if normalised."""

    normalised: bool = False
    higher_is_better: bool = True

    @abstractmethod
    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one value per part."""

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the sum or the mean."""
        parts = self.parts(statistics)
        return math.fsum(parts) / (len(parts) if self.normalised else 1)


class SynapticDiversity(Summed):
    """Nuclear norms of the mixing matrices times those of their gradients (Zhou et al.)."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one product per matrix."""
        return [_nuclear(w.value) * _nuclear(w.gradient) for w in statistics.mixing]


class SynapticSaliency(Summed):
    """sum |w * dw| over the feed-forward networks (H. Tanaka et al., SynFlow)."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one sum per matrix."""
        return [_importance(w) for w in statistics.feed_forward]


class HeadImportance(Summed):
    """sum |w * dw| over the matrices that produce heads (after P. Michel et al.)."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one sum per matrix."""
        return [_importance(w) for w in statistics.heads]


class ActivationDistance(Summed):
    """How often activations have the same sign at two positions of a text, over all pairs."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one count per activation.

        The published sums also accumulate the counts of earlier runs.
        """
        return statistics.same_signs


class HeadConfidence(Summed):
    """Mean of the largest output of a head's matrices over the positions of a text."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one mean per matrix: three or four of an attention, one of a linear transform."""
        return statistics.head_confidence


class SoftmaxConfidence(Summed):
    """Mean of the largest attention weight of any head per pair of positions."""

    __slots__ = ()

    def parts(self, statistics: EncoderStatistics) -> list[float]:
        """Return one mean per layer."""
        return statistics.softmax_confidence


@dataclass(frozen=True, slots=True)
class PositionJacobian:
    """Dissimilarity of the gradients with respect to the channels of the position embeddings."""

    row_score: Callable[[NDArray[Any]], float]
    higher_is_better: bool = True

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the score of the Jacobian's rows, one per channel."""
        return self.row_score(statistics.jacobian)


class EncoderParameters:
    """Number of parameters of the encoder with a vocabulary of 30,522 word pieces."""

    higher_is_better = True

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the number of parameters of the encoder; no network is built."""
        return self.of_architecture(statistics.encoder)

    def of_architecture(self, encoder: EncoderArchitecture) -> float:
        """Return the number of parameters of an encoder."""
        return float(num_parameters(encoder))


def _nuclear(matrix: Tensor) -> float:
    import torch

    return float(torch.linalg.svdvals(matrix).sum())


def _importance(weight: Weight) -> float:
    return float((weight.value * weight.gradient).abs().double().sum())


SYNAPTIC_DIVERSITY = SynapticDiversity()
SYNAPTIC_DIVERSITY_NORMALISED = SynapticDiversity(normalised=True)
SYNAPTIC_SALIENCY = SynapticSaliency()
SYNAPTIC_SALIENCY_NORMALISED = SynapticSaliency(normalised=True)
ACTIVATION_DISTANCE = ActivationDistance()
ACTIVATION_DISTANCE_NORMALISED = ActivationDistance(normalised=True)
JACOBIAN_COVARIANCE = PositionJacobian(spectrum_score)
JACOBIAN_COSINE = PositionJacobian(cosine_score, higher_is_better=False)
HEAD_IMPORTANCE = HeadImportance()
HEAD_IMPORTANCE_NORMALISED = HeadImportance(normalised=True)
HEAD_CONFIDENCE = HeadConfidence()
HEAD_CONFIDENCE_NORMALISED = HeadConfidence(normalised=True)
SOFTMAX_CONFIDENCE = SoftmaxConfidence()
SOFTMAX_CONFIDENCE_NORMALISED = SoftmaxConfidence(normalised=True)
NUM_PARAMS = EncoderParameters()
