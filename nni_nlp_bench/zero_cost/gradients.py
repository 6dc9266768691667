"""Scores of gradients: Jacobians, noised Jacobians, saliency, the neural tangent kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from nni_nlp_bench.zero_cost.passes import NetworkStatistics
from nni_nlp_bench.zero_cost.spectra import cosine_score, spectrum_score

OfRows = Callable[[NDArray[Any]], float]


@dataclass(frozen=True, slots=True)
class Jacobian:
    """How little the Jacobians of the sequences of a batch are alike (Serianni & Kalita 2023)."""

    figure: OfRows
    higher_is_better: bool

    def of(self, passes: NetworkStatistics) -> float:
        """The figure of the Jacobian's rows, one a sequence."""
        return self.figure(passes.jacobian)


@dataclass(frozen=True, slots=True)
class LargeNoise:
    """1 - |figure - figure with noise of amplitude 10| (Serianni & Kalita 2023)."""

    figure: OfRows
    higher_is_better: bool

    def of(self, passes: NetworkStatistics) -> float:
        """The score of the Jacobian's rows, one a sequence."""
        return 1 - abs(self.figure(passes.jacobian) - self.figure(passes.noised_jacobians[1]))


@dataclass(frozen=True, slots=True)
class MoreNoised:
    """The product of the figures without noise and with three amplitudes (Serianni & Kalita)."""

    figure: OfRows
    higher_is_better: bool

    def of(self, passes: NetworkStatistics) -> float:
        """The score of the Jacobian's rows, one a sequence."""
        figures = [self.figure(rows) for rows in (passes.jacobian, *passes.noised_jacobians)]
        return float(np.prod(figures))


class SynapticSaliency:
    """sum |w * dw| over the weights, dw by half the squared outputs (H. Tanaka et al., SynFlow).

    Serianni & Kalita 2023: over the matrices of linear maps but their first, and the embedding,
    which is the decoder's weight.
    """

    higher_is_better: ClassVar[bool] = False

    def of(self, passes: NetworkStatistics) -> float:
        """The sum."""
        return float(
            sum(
                (s.weight * s.gradient).abs().nansum(dtype=torch.float64).item()
                for s in passes.saliencies
            )
        )


class NtkCondition:
    """Condition number of the neural tangent kernel (W. Chen et al., TE-NAS, ICLR 2021).

    Lower: the network is trained more easily. 1e5 where it is not finite, as its code gives it.
    """

    higher_is_better: ClassVar[bool] = False
    sequences: ClassVar[int] = 12
    """Of the batch, at most: each needs a backward pass of its own."""

    def of(self, passes: NetworkStatistics) -> float:
        """Largest by smallest eigenvalue of G G', a row of G for each sequence's summed outputs."""
        parameters = [p for p in passes.model.layers.parameters() if p.requires_grad]
        outputs = passes.outputs
        rows = []
        for i in range(min(self.sequences, outputs.shape[1])):
            gradients = torch.autograd.grad(outputs[:, i].sum(), parameters, retain_graph=True)
            rows.append(torch.cat([gradient.flatten() for gradient in gradients]).double())
        gradient = torch.stack(rows)
        kernel = (gradient @ gradient.t()).numpy()
        if not np.isfinite(kernel).all():
            return 1e5
        values = np.linalg.eigvalsh(kernel)
        condition = values[-1] / values[0] if values[0] > 0 else np.inf
        return float(condition) if np.isfinite(condition) else 1e5


class Parameters:
    """Number of parameters of the language model."""

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """The count."""
        return float(passes.model.num_parameters())


JACOBIAN_COVARIANCE = Jacobian(spectrum_score, higher_is_better=True)
JACOBIAN_COSINE = Jacobian(cosine_score, higher_is_better=True)
LARGE_NOISE_JACOBIAN = LargeNoise(spectrum_score, higher_is_better=False)
LARGE_NOISE_JACOBIAN_COSINE = LargeNoise(cosine_score, higher_is_better=False)
MORE_NOISED_JACOBIAN = MoreNoised(spectrum_score, higher_is_better=False)
MORE_NOISED_JACOBIAN_COSINE = MoreNoised(cosine_score, higher_is_better=True)
SYNAPTIC_SALIENCY = SynapticSaliency()
NTK_CONDITION = NtkCondition()
NUM_PARAMS = Parameters()
