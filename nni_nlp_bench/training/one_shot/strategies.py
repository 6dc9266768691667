"""NNI's one-shot strategies with the settings of a search."""

from __future__ import annotations

from functools import partial
from typing import Any

from nni.nas.oneshot.pytorch.sampling import EnasLightningModule
from nni.nas.strategy import DARTS, ENAS
from nni.nas.strategy._rl_impl import default_policy_fn

from nni_nlp_bench.training.one_shot.settings import OneShot, OneShotSettings

_UPDATE = {"batch_size": 64, "repeat": 4, "update_times": 1}


class Enas(ENAS):  # type: ignore[misc]
    """NNI's ENAS, which updates its policy once for the same rewards."""

    def configure_oneshot_module(self, training_module: Any) -> EnasLightningModule:
        """What NNI's own makes, in the class of `_EnasModule`."""
        return _EnasModule(
            training_module,
            batches_per_update=self.batches_per_update,
            log_prob_every_n_step=self.log_prob_every_n_step,
            reward_metric_name=self.reward_metric_name,
            policy_fn=self.policy_fn,
            update_kwargs=self.update_kwargs,
        )


class _EnasModule(EnasLightningModule):  # type: ignore[misc]
    """NNI's own updates the policy after windows of training too, while the rewards add up to full
    updates: for a whole epoch it would learn the same few rewards by heart."""

    _trajectory_counter: int

    def training_step(self, packed: Any, index: int) -> Any:
        """A window of training (loader 0) or a reward, told apart as NNI does."""
        _, _, loader = packed
        if loader != 0:
            return super().training_step(packed, index)
        rewards = self._trajectory_counter
        self._trajectory_counter = 0
        output = super().training_step(packed, index)
        self._trajectory_counter = rewards
        return output


def make_strategy(name: OneShot, settings: OneShotSettings) -> Any:
    """NNI's strategy of that name."""
    if name == "darts":
        return DARTS(arc_learning_rate=settings.choice_learning_rate)
    return Enas(
        batches_per_update=settings.rewards_an_update,
        reward_metric_name="reward",
        policy_fn=partial(default_policy_fn, lr=settings.policy_learning_rate),
        update_kwargs=_UPDATE,
    )
