"""What a training-free score is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from torch import Tensor

from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.zero_cost.passes import NetworkStatistics


class Score(Protocol):
    """One number of an untrained language model and a batch of text."""

    higher_is_better: ClassVar[bool]
    """Whether trained networks with a higher score tend to have the lower loss."""

    def of(self, passes: NetworkStatistics) -> float:
        """Return the score, NaN if it is not finite; the scores of a network share `passes`."""


_NAMES = {
    "states": (
        "layer1_hidden_covariance",
        "layer2_hidden_covariance",
        "layer3_hidden_covariance",
        "activation_distance",
        "hidden_synaptic_saliency",
        "naswot",
        "linear_regions",
    ),
    "miniature": (
        "miniature_correlation",
        "miniature_recall",
    ),
    "gradients": (
        "jacobian_covariance",
        "jacobian_cosine",
        "large_noise_jacobian",
        "large_noise_jacobian_cosine",
        "more_noised_jacobian",
        "more_noised_jacobian_cosine",
        "synaptic_saliency",
        "ntk_condition",
        "num_params",
    ),
}
"""Names of the scores that each module defines."""

SCORES: Registry[Score] = Registry(
    "score",
    "nni_nlp_bench.scores",
    {
        name: f"nni_nlp_bench.zero_cost.{module}:{name.upper()}"
        for module, names in _NAMES.items()
        for name in names
    },
)


def score(name: str, model: LanguageModel, batch: Tensor, seed: int = 0) -> float:
    """The score of that name; batch (time, batch) holds tokens, `seed` decides added noise.

    Raises UnknownNameError.
    """
    return SCORES.get(name).of(NetworkStatistics.through(model, batch, seed))
