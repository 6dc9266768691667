"""Interface of zero-cost scores, and the registry of those of recurrent cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from nni_nlp_bench.training.language_model import LanguageModel
    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics


StatisticsT = TypeVar("StatisticsT", contravariant=True)
"""Statistics of the networks of a space, such as `NetworkStatistics`."""


class Score(Protocol[StatisticsT]):
    """Interface of every zero-cost score.

    A score is computed on an untrained network and one batch of text. It is deterministic: the same
    network, text and seed give the same value.
    """

    @property
    def higher_is_better(self) -> bool:
        """Direction: whether a higher score predicts a better network after training."""

    def of(self, statistics: StatisticsT) -> float:
        """Return the score.

        Args:
            statistics: Lazily computed activations and gradients of the network, which all scores
                of a network share. Do not modify its tensors.

        Returns:
            The score, without a unit; NaN if it is undefined.
        """


@runtime_checkable
class ArchitectureScore(Protocol):
    """Interface of a score that reads the architecture alone: no network, no text, no torch.

    Such a score is in the registry of its space as the others are, and has their `of` too.
    """

    @property
    def higher_is_better(self) -> bool:
        """Direction: whether a higher score predicts a better network after training."""

    def of_architecture(self, architecture: Any) -> float:
        """Return the score of an architecture; NaN if it is undefined."""


def score_registry(kind: str, group: str, names: Mapping[str, Sequence[str]]) -> Registry[Any]:
    """Return the registry of the scores of a space.

    Args:
        kind: What a score is called in messages.
        group: Group of the entry points of other packages.
        names: Names of the built-in scores by module of `nni_nlp_bench.zero_cost`, which defines
            each as a constant in upper case.
    """
    objects = {
        name: f"nni_nlp_bench.zero_cost.{module}:{name.upper()}"
        for module, of_module in names.items()
        for name in of_module
    }
    return Registry(kind, group, objects, requires=("higher_is_better", "of"))


SCORES: Registry[Score[NetworkStatistics]] = score_registry(
    "score",
    "nni_nlp_bench.scores",
    {
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
    },
)


def score(name: str, model: LanguageModel, batch: Tensor, seed: int = 0) -> float:
    """Return the zero-cost score of a language model.

    Args:
        name: Name of the score.
        model: An untrained language model.
        batch: Token ids, (time, batch).
        seed: Seed of the noise that some scores add to the inputs.

    Raises:
        UnknownNameError: No score has that name.
    """
    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics

    return SCORES.get(name).of(NetworkStatistics.through(model, batch, seed))
