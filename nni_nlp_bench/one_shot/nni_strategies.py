"""NNI's one-shot strategies, made reproducible and resumable."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from nni.nas.oneshot.pytorch.sampling import EnasLightningModule, RandomSamplingLightningModule
from nni.nas.strategy import DARTS, ENAS, GumbelDARTS, Proxyless, RandomOneShot
from nni.nas.strategy._rl_impl import default_policy_fn

_UPDATE = {"batch_size": 64, "repeat": 4, "update_times": 1}
_NEVER = 10**12
"""Logging interval: probabilities of every value of hundreds of choices make no readable plot."""


def make_enas(rewards_per_update: int, learning_rate: float) -> ResumableEnas:
    """Return an ENAS strategy that reads the metric `reward`.

    Args:
        rewards_per_update: Sampled architectures between two updates of the policy.
        learning_rate: Learning rate of Adam for the policy.
    """
    return ResumableEnas(
        batches_per_update=rewards_per_update,
        log_prob_every_n_step=_NEVER,
        reward_metric_name="reward",
        policy_fn=partial(_policy, learning_rate=learning_rate),
        update_kwargs=_UPDATE,
    )


def _policy(environment: Any, learning_rate: float) -> Any:
    """NNI's policy, whose optimizer has its weights in the same order in every process."""
    policy = default_policy_fn(environment, lr=learning_rate)
    policy.optim = torch.optim.Adam(policy.parameters(), lr=learning_rate)
    return policy


class ResumableEnas(ENAS):  # type: ignore[misc]
    """NNI's ENAS with one policy update per window of rewards, and resumable checkpoints."""

    def configure_oneshot_module(self, training_module: Any) -> EnasLightningModule:
        """Return the module of NNI's ENAS, as `_EnasModule`."""
        return _EnasModule(
            training_module,
            batches_per_update=self.batches_per_update,
            log_prob_every_n_step=self.log_prob_every_n_step,
            reward_metric_name=self.reward_metric_name,
            policy_fn=self.policy_fn,
            update_kwargs=self.update_kwargs,
        )


class _EnasModule(EnasLightningModule):  # type: ignore[misc]
    """Module of ENAS that updates the policy once per window of rewards.

    NNI's module also updates the policy after training batches whenever the number of rewards is a
    multiple of the window: for a whole epoch it would overfit the same few rewards. The last
    rewards of an epoch are an update as well, so that a checkpoint after it needs no rewards.
    """

    _trajectory_counter: int

    def training_step(self, packed: Any, index: int) -> Any:
        """Run a training batch (loader 0) or a rewarded batch; NNI numbers the loaders."""
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
        """Save the state of the policy's optimizer, which Lightning does not know."""
        checkpoint["policy_optimizer"] = self.policy.optim.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the state of the policy's optimizer."""
        self.policy.optim.load_state_dict(checkpoint["policy_optimizer"])


class SeededRandomOneShot(RandomOneShot):  # type: ignore[misc]
    """NNI's RandomOneShot, sampling from torch's global generator, which can be seeded."""

    def configure_oneshot_module(self, training_module: Any) -> RandomSamplingLightningModule:
        """Return the module of NNI's RandomOneShot, as `_RandomModule`."""
        return _RandomModule(training_module, self.filter)


class _RandomModule(RandomSamplingLightningModule):  # type: ignore[misc]
    def set_model(self, model: Any) -> None:
        """Set the supernet and cache its choices, which NNI would collect for every sample."""
        super().set_model(model)
        self._choices = model.simplify()

    def resample(self) -> dict[str, Any]:
        """Sample each choice uniformly and set the supernet to the sample."""
        random = np.random.RandomState(int(torch.randint(2**31 - 1, ())))
        sample = {
            label: choice.random(random_state=random) for label, choice in self._choices.items()
        }
        for module in self.supernet_modules():
            module.resample(memo=dict(sample))
        return sample

    def configure_gradient_clipping(
        self,
        optimizer: Any,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip as the evaluator does: Lightning asks this module, and NNI's does not pass it on."""
        clip = self.training_module.configure_gradient_clipping
        clip(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def export(self) -> dict[str, Any]:
        """Return a random sample."""
        return self.resample()

    def export_probs(self) -> dict[str, Any]:
        """Return an empty dict: no probabilities are learned."""
        return {}


class _OrderedArchParameters:
    """Passes architecture parameters to their optimizer in the order of the network.

    NNI passes them in the order of a set, which differs between processes: the optimizer's state
    in a checkpoint would be assigned to other parameters.
    """

    def configure_oneshot_module(self, training_module: Any) -> Any:
        """Return NNI's module with its architecture parameters in the order of the network."""
        module = super().configure_oneshot_module(training_module)  # type: ignore[misc]
        unordered = module.arch_parameters

        def arch_parameters() -> list[torch.nn.Parameter]:
            choices = set(unordered())
            return [weight for weight in module.parameters() if weight in choices]

        module.arch_parameters = arch_parameters
        return module


class ResumableDarts(_OrderedArchParameters, DARTS):  # type: ignore[misc]
    """NNI's DARTS with resumable checkpoints."""


class ResumableGumbelDarts(_OrderedArchParameters, GumbelDARTS):  # type: ignore[misc]
    """NNI's GumbelDARTS with resumable checkpoints."""


class ResumableProxyless(_OrderedArchParameters, Proxyless):  # type: ignore[misc]
    """NNI's Proxyless with resumable checkpoints."""


def differentiable_options(learning_rate: float) -> dict[str, Any]:
    """Return the options of a differentiable strategy; the rate is that of its choices."""
    return {"arc_learning_rate": learning_rate, "log_prob_every_n_step": _NEVER}
