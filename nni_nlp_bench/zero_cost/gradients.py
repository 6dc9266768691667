"""Gradient-based scores: Jacobians, noised Jacobians, saliency, the neural tangent kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.zero_cost.spectra import cosine_score, spectrum_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics, Saliency

RowScore = Callable[[NDArray[Any]], float]


class GradientStatistics(Protocol):
    """What the scores of cells and of sentence classifiers read of an untrained network."""

    @property
    def jacobian(self) -> NDArray[np.float32]:
        """Gradient of the summed outputs with respect to the word vectors, a row per sequence."""

    @property
    def saliencies(self) -> list[Saliency]:
        """Weights, with the gradients of half the squared outputs."""

    @property
    def kernel_outputs(self) -> Sequence[Tensor]:
        """Outputs of each sequence, with their autograd graph."""

    @property
    def kernel_parameters(self) -> list[nn.Parameter]:
        """Parameters of the tangent kernel."""


@dataclass(frozen=True, slots=True)
class Jacobian:
    """Dissimilarity of the Jacobians of the sequences of a batch (Serianni & Kalita, 2023)."""

    row_score: RowScore
    higher_is_better: bool

    def of(self, statistics: GradientStatistics) -> float:
        """Return the score of the Jacobian's rows, one per sequence."""
        return self.row_score(statistics.jacobian)


@dataclass(frozen=True, slots=True)
class LargeNoise:
    """1 - |score - score with noise of amplitude 10| (Serianni & Kalita, 2023)."""

    row_score: RowScore
    higher_is_better: bool

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the score of the Jacobian's rows, one per sequence."""
        clean = self.row_score(statistics.jacobian)
        return 1 - abs(clean - self.row_score(statistics.noised_jacobians[1]))


@dataclass(frozen=True, slots=True)
class MoreNoised:
    """Product of the scores without noise and with three amplitudes (Serianni & Kalita, 2023)."""

    row_score: RowScore
    higher_is_better: bool

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the score of the Jacobian's rows, one per sequence."""
        jacobians = (statistics.jacobian, *statistics.noised_jacobians)
        scores = [self.row_score(rows) for rows in jacobians]
        return float(np.prod(scores))


class SynapticSaliency:
    """sum |w * dw| over the weights (SynFlow; H. Tanaka et al., 2020).

    dw is the gradient of half the squared outputs.

    Of cells, as in Serianni & Kalita (2023), over all matrices of linear maps but the first of
    each, and the embedding, which is tied to the decoder. Of sentence classifiers over all matrices
    and kernels but the word vectors.
    """

    higher_is_better: ClassVar[bool] = False

    def of(self, statistics: GradientStatistics) -> float:
        """Return the sum."""
        return float(
            sum(
                (s.weight * s.gradient).abs().double().nansum().item()
                for s in statistics.saliencies
            )
        )


class NtkCondition:
    """Condition number of the neural tangent kernel (W. Chen et al., TE-NAS, ICLR 2021).

    Lower values predict easier training. If not finite, it is 1e5, as in the published code.
    """

    higher_is_better: ClassVar[bool] = False
    sequences: ClassVar[int] = 12
    """Maximum number of sequences: each needs its own backward pass."""

    def of(self, statistics: GradientStatistics) -> float:
        """Return the ratio of the largest to the smallest eigenvalue of G G'.

        Row i of G is the gradient of the summed outputs of sequence i.
        """
        from nni_nlp_bench.zero_cost.ntk import ntk_condition

        outputs = statistics.kernel_outputs[: self.sequences]
        return ntk_condition(outputs, statistics.kernel_parameters)


class Parameters:
    """Number of parameters of the language model."""

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the number of parameters."""
        return float(statistics.model.num_parameters())


JACOBIAN_COVARIANCE = Jacobian(spectrum_score, higher_is_better=True)
JACOBIAN_COSINE = Jacobian(cosine_score, higher_is_better=True)
LARGE_NOISE_JACOBIAN = LargeNoise(spectrum_score, higher_is_better=False)
LARGE_NOISE_JACOBIAN_COSINE = LargeNoise(cosine_score, higher_is_better=False)
MORE_NOISED_JACOBIAN = MoreNoised(spectrum_score, higher_is_better=False)
MORE_NOISED_JACOBIAN_COSINE = MoreNoised(cosine_score, higher_is_better=True)
SYNAPTIC_SALIENCY = SynapticSaliency()
NTK_CONDITION = NtkCondition()
NUM_PARAMS = Parameters()
