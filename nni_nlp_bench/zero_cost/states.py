"""Scores of hidden states and activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nni_nlp_bench.zero_cost.codes import agreeing_units, log_determinant
from nni_nlp_bench.zero_cost.spectra import spectrum_score

if TYPE_CHECKING:
    from torch import Tensor

    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics


@dataclass(frozen=True, slots=True)
class HiddenCovariance:
    """Hidden covariance of a layer: decorrelation of the state's units over steps and sequences.

    A. Serianni, J. Kalita, Training-free NAS for RNNs and Transformers (ACL 2023), as in the
    published code: by unit, although the paper says by mini-batch.
    """

    higher_is_better: ClassVar[bool] = True
    layer: int
    """Index of the layer, from 0."""

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the spectrum score of `h_prev_0`, (units, steps * sequences)."""
        if self.layer >= len(statistics.traces):
            return float("nan")
        states = statistics.traces[self.layer]["h_prev_0"]
        return spectrum_score(states.permute(2, 1, 0).flatten(1).numpy())


class ActivationDistance:
    """How well the signs of all activations distinguish the sequences of a batch.

    Serianni & Kalita (2023), after NASWOT: the sign of an activation's output. Sigmoids are always
    positive.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return log |det K|, K = sum of c c' + (1 - c)(1 - c)' over the codes c of the nodes."""
        return _log_determinant(statistics, sigmoid_threshold=0.0)


class Naswot:
    """Activation distance with the signs of the activations' inputs, as in NASWOT.

    J. Mellor et al., Neural Architecture Search without Training (ICML 2021).
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return log |det K|, as `ActivationDistance`."""
        return _log_determinant(statistics, sigmoid_threshold=0.5)


class LinearRegions:
    """Number of distinct sign patterns (W. Chen et al., TE-NAS, ICLR 2021).

    A sample is one step of one sequence; its pattern is the signs of all activations' inputs.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the number of distinct patterns."""
        from nni_nlp_bench.zero_cost.linear_regions import count_patterns

        codes = [
            (values > (0.5 if sigmoid else 0)).flatten(0, 1).numpy()
            for values, sigmoid in _activations(statistics)
        ]
        return float(count_patterns(codes))


class HiddenSynapticSaliency:
    """sum |h * dh| over the states `h_prev_0` of all layers, dh the gradient of the summed outputs.

    Serianni & Kalita (2023), whose published values sum several passes: compare ranks only.
    """

    higher_is_better: ClassVar[bool] = False

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the sum; the first state is zero."""
        layers = zip(statistics.traces, statistics.state_gradients, strict=True)
        total = sum(
            float((trace["h_prev_0"][1:] * gradient[:-1]).abs().double().nansum())
            for trace, gradient in layers
        )
        return float(total)


def _log_determinant(statistics: NetworkStatistics, sigmoid_threshold: float) -> float:
    """Return log |det K|; -inf if two sequences have the same code."""
    return log_determinant(
        agreeing_units(
            (values > (sigmoid_threshold if sigmoid else 0.0)).transpose(0, 1).flatten(1)
        )
        for values, sigmoid in _activations(statistics)
    )


def _activations(statistics: NetworkStatistics) -> list[tuple[Tensor, bool]]:
    """Return the values (time, batch, hidden) of all activations, and whether each is a sigmoid."""
    ops = {node.name: node.op for node in statistics.recipe.nodes}
    return [
        (values, ops[name] == "activation_sigm")
        for trace in statistics.traces
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
