"""NNI's policy-gradient reinforcement learning under its name here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni.nas.strategy.base import Strategy


def policy_rl(seed: int, **options: Any) -> Strategy:
    """NNI's PolicyBasedRL: PPO with an LSTM policy over the categorical choices."""
    from nni_nlp_bench.strategies.seeded_policy import SeededPolicyRL

    return SeededPolicyRL(seed, **options)
