"""What every one-shot search has in common: the strategies by name, and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.settings import check_above_zero, check_counts
from search_spaces.base import SPACES as KNOWN
from search_spaces.base import SentenceSpace, get_space

STRATEGIES: Mapping[str, str] = {
    "enas": "A policy samples networks and learns from their rewards (Pham et al., 2018).",
    "textnas_enas": "The policy of TextNAS: a moving baseline, and skips held near a rate.",
    "darts": "All choices at once, weighted; the weights are learned (Liu et al., 2019).",
    "gumbel_darts": "DARTS with weights drawn around one choice (Xie et al., 2019).",
    "proxyless": "One choice at a time by its weight; the weights are learned (Cai et al., 2019).",
    "kd_emd": "DARTS whose choices learn how near a teacher's layers are (Li et al., 2021).",
    "random_one_shot": "Random networks share weights, then the best of some (Guo et al., 2020).",
}
EVERY = ("enas", "darts", "gumbel_darts", "kd_emd", "random_one_shot")
"""Strategies that search every space whose networks classify sentences, but for those below."""
SPACES: Mapping[str, tuple[str, ...]] = {
    "enas_cell": ("enas", "darts", "gumbel_darts", "random_one_shot"),
    "emd_cell": EVERY,
    "encoder": ("enas", "random_one_shot"),
    "textnas": tuple(STRATEGIES),
}
"""The spaces that can be one network, and the strategies that search each."""


@dataclass(frozen=True, slots=True)
class OneShotSettings:
    """What the strategies use."""

    epochs: int = 10
    rewards_an_update: int = 10
    """enas: sampled networks between two updates of the policy; an epoch's end updates as well."""
    policy_learning_rate: float = 1e-3
    """enas, textnas_enas: Adam's, for the policy."""
    candidates: int = 10
    """enas, textnas_enas, proxyless, random_one_shot: networks that are drawn in the end; the best
    on the validation part is the result."""
    choice_learning_rate: float = 3e-3
    """darts, gumbel_darts, proxyless: Adam's, for the weights of the choices."""
    kd_optimizer: Literal["adam", "sgd"] = "adam"
    """kd_emd: of the weights of the choices."""
    kd_learning_rate: float = 3e-3
    """kd_emd: theirs."""

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "rewards_an_update", "candidates")
        rates = ("policy_learning_rate", "choice_learning_rate", "kd_learning_rate")
        check_above_zero(self, *rates)


def check_strategy(space: str, strategy: str) -> None:
    """Raise UserError for a strategy that does not search the space in one shot."""
    if strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise UserError(f"unknown one-shot strategy {strategy!r}; known: {known}")
    if strategy not in strategies_of(space):
        fit = [name for name, strategies in SPACES.items() if strategy in strategies]
        options = " or ".join(f"--space {name}" for name in fit)
        raise UserError(f"{strategy} does not search the space {space}: give {options}")


def strategies_of(space: str) -> tuple[str, ...]:
    """Return the names of the one-shot strategies that search the space."""
    if space not in SPACES and space in KNOWN and isinstance(get_space(space), SentenceSpace):
        return EVERY
    return SPACES.get(space, ())


def check_epochs(strategy: str, epochs: int) -> None:
    """Raise UserError for a search that ends before the strategy has chosen anything."""
    if strategy == "kd_emd" and epochs < 2:
        raise UserError("kd_emd needs 2 epochs: in the first only weights learn")
