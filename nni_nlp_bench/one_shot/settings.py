"""Settings that every one-shot search has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nni_nlp_bench.training.settings import check_above_zero, check_counts


@dataclass(frozen=True, slots=True)
class OneShotSettings:
    """Settings of the built-in one-shot strategies."""

    epochs: int = 10
    rewards_per_update: int = 10
    """enas: sampled architectures between two updates of the policy; the end of an epoch updates
    it as well."""
    policy_learning_rate: float = 1e-3
    """enas, textnas_enas: learning rate of Adam for the policy."""
    candidates: int = 10
    """Strategies that sample: architectures sampled after the training; the best on the validation
    set is the result."""
    choice_learning_rate: float = 3e-3
    """darts, gumbel_darts, proxyless: learning rate of Adam for the weights of the choices."""
    kd_optimizer: Literal["adam", "sgd"] = "adam"
    """kd_emd: optimizer of the weights of the choices."""
    kd_learning_rate: float = 3e-3
    """kd_emd: learning rate of the weights of the choices."""

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "rewards_per_update", "candidates")
        rates = ("policy_learning_rate", "choice_learning_rate", "kd_learning_rate")
        check_above_zero(self, *rates)
