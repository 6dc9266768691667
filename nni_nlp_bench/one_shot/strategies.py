"""One-shot strategies by name, with the settings of a search."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from nni.nas.oneshot.pytorch.sampling import EnasLightningModule, RandomSamplingLightningModule
from nni.nas.strategy import DARTS, ENAS, GumbelDARTS, Proxyless, RandomOneShot
from nni.nas.strategy._rl_impl import default_policy_fn

from nni_nlp_bench.one_shot.controller import ControllerSettings
from nni_nlp_bench.one_shot.kd_emd import KdEmd
from nni_nlp_bench.one_shot.settings import OneShotSettings
from nni_nlp_bench.one_shot.textnas_enas import TextNasEnas

_UPDATE = {"batch_size": 64, "repeat": 4, "update_times": 1}
_NEVER = 10**12
"""Probabilities of every value of hundreds of choices make no plot that is read."""


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
    updates: for a whole epoch it would learn the same few rewards by heart. An epoch's last rewards
    are an update as well, so that a checkpoint after it holds all there is."""

    _trajectory_counter: int

    def training_step(self, packed: Any, index: int) -> Any:
        """A window of training (loader 0) or a reward, told apart as NNI does."""
        _, _, loader = packed
        if loader != 0:
            output = super().training_step(packed, index)
            if self.trainer.is_last_batch and self._trajectory_counter < self.batches_per_update:
                self.policy.train()
                self.policy.update(0, self._replay_buffer, **self.update_kwargs)
                self._forget()
            elif self._trajectory_counter == self.batches_per_update:
                self._forget()
            return output
        rewards = self._trajectory_counter
        self._trajectory_counter = 0
        output = super().training_step(packed, index)
        self._trajectory_counter = rewards
        return output

    def _forget(self) -> None:
        assert self._replay_buffer is not None
        self._replay_buffer.reset()
        self._trajectory_counter = 0

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the policy's optimizer, which Lightning does not know."""
        checkpoint["policy_optimizer"] = self.policy.optim.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the policy's optimizer back."""
        self.policy.optim.load_state_dict(checkpoint["policy_optimizer"])


class RandomNetworks(RandomOneShot):  # type: ignore[misc]
    """NNI's RandomOneShot, whose draws come from a generator that can be seeded: torch's."""

    def configure_oneshot_module(self, training_module: Any) -> RandomSamplingLightningModule:
        """What NNI's own makes, in the class of `_RandomModule`."""
        return _RandomModule(training_module, self.filter)


class _RandomModule(RandomSamplingLightningModule):  # type: ignore[misc]
    def set_model(self, model: Any) -> None:
        """Take the space, and its choices, which NNI would collect anew for every draw."""
        super().set_model(model)
        self._choices = model.simplify()

    def resample(self) -> dict[str, Any]:
        """Draw each choice evenly, which the supernet then is."""
        random = np.random.RandomState(int(torch.randint(2**31 - 1, ())))
        sample = {
            label: choice.random(random_state=random) for label, choice in self._choices.items()
        }
        for module in self.supernet_modules():
            module.resample(memo=dict(sample))
        return sample

    def export(self) -> dict[str, Any]:
        """A random sample."""
        return self.resample()

    def export_probs(self) -> dict[str, Any]:
        """None: nothing is learned."""
        return {}


class _InOrder:
    """NNI gives the weights of choices to their optimizer in the order of a set, which differs from
    process to process: the optimizer's state in a checkpoint would be that of other weights."""

    def configure_oneshot_module(self, training_module: Any) -> Any:
        """What NNI's own makes, with these weights in the order of the network."""
        module = super().configure_oneshot_module(training_module)  # type: ignore[misc]
        chosen = module.arch_parameters

        def arch_parameters() -> list[torch.nn.Parameter]:
            choices = set(chosen())
            return [weight for weight in module.parameters() if weight in choices]

        module.arch_parameters = arch_parameters
        return module


class Darts(_InOrder, DARTS):  # type: ignore[misc]
    """NNI's DARTS, whose checkpoints go on."""


class GumbelDarts(_InOrder, GumbelDARTS):  # type: ignore[misc]
    """NNI's GumbelDARTS, whose checkpoints go on."""


class ProxylessNas(_InOrder, Proxyless):  # type: ignore[misc]
    """NNI's Proxyless, whose checkpoints go on."""


def _policy(environment: Any, learning_rate: float) -> Any:
    """NNI's policy, whose optimizer has its weights in the same order in every process."""
    policy = default_policy_fn(environment, lr=learning_rate)
    policy.optim = torch.optim.Adam(policy.parameters(), lr=learning_rate)
    return policy


def make_strategy(name: str, settings: OneShotSettings) -> Any:
    """The strategy of that name: one of `settings.STRATEGIES`."""
    if name == "enas":
        return Enas(
            batches_per_update=settings.rewards_an_update,
            log_prob_every_n_step=_NEVER,
            reward_metric_name="reward",
            policy_fn=partial(_policy, learning_rate=settings.policy_learning_rate),
            update_kwargs=_UPDATE,
        )
    if name == "textnas_enas":
        return TextNasEnas(ControllerSettings(learning_rate=settings.policy_learning_rate))
    if name == "kd_emd":
        return KdEmd(settings.kd_learning_rate, optimizer=settings.kd_optimizer)
    if name == "random_one_shot":
        return RandomNetworks()
    kinds = {"darts": Darts, "gumbel_darts": GumbelDarts, "proxyless": ProxylessNas}
    return kinds[name](
        arc_learning_rate=settings.choice_learning_rate, log_prob_every_n_step=_NEVER
    )
