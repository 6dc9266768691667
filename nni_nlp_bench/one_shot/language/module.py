"""Lightning module of the one-shot search for cells: shared weights and rewards."""

from __future__ import annotations

from typing import Any, cast

import torch
from nni.nas.evaluator.pytorch import LightningModule
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.one_shot.language.model import OneShotLanguageModel, perplexity_of
from nni_nlp_bench.one_shot.language.settings import REWARD, LanguageSettings
from nni_nlp_bench.one_shot.language.windows import Window
from nni_nlp_bench.one_shot.result import Reward
from nni_nlp_bench.one_shot.task import RewardCallback

LARGEST_STATE = 10.0
"""States with a larger absolute value are reset: ReLU and identity let them grow."""


class LanguageModule(LightningModule):  # type: ignore[misc]
    """Trains on windows of the training text; windows of the validation text give rewards.

    Rewards are computed without dropout, from a zero state. ENAS calls `validation_step` for a
    reward, DARTS `training_step`.
    """

    def __init__(self, settings: LanguageSettings, seed: int, on_reward: RewardCallback) -> None:
        super().__init__()
        self.settings, self.seed = settings, seed
        self._on_reward = on_reward
        self._states: tuple[Tensor, ...] | None = None

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam for the shared weights; NNI removes the weights of choices."""
        return torch.optim.Adam(self.model.parameters(), lr=self.settings.learning_rate)

    def configure_gradient_clipping(self, optimizer: Any, *_: Any) -> None:
        """Clip by norm; NNI calls this, but its ENAS has no option for it.

        Non-finite gradients are dropped, so that one exploding cell does not affect the shared
        weights.
        """
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        norm = clip_grad_norm_(weights, self.settings.clip)
        if not norm.isfinite():
            optimizer.zero_grad()

    def training_step(self, window: Window, _: int) -> Tensor:
        """Return the loss of a training window, or of a validation window for DARTS."""
        if window.part == "valid":
            return self._reward_step(window)
        if window.first:
            self._language_model.seed_dropout(self.seed, self.trainer.current_epoch)
        states = None if window.first else self._states
        loss, last = self._language_model.loss(window.inputs, window.targets, states)
        small = all(state.abs().max() < LARGEST_STATE for state in last)
        self._states = tuple(state.detach() for state in last) if small else None
        self.log("train_loss", loss, prog_bar=True, batch_size=window.inputs.shape[1])
        return loss

    def validation_step(self, window: Window, _: int) -> None:
        """Compute the reward of the sampled cell."""
        with torch.no_grad():
            self._reward_step(window)

    def _reward_step(self, window: Window) -> Tensor:
        model = self._language_model
        model.eval()
        loss, _ = model.loss(window.inputs, window.targets)
        model.train()
        reward = REWARD / perplexity_of(loss.item())
        self.log("reward", reward, prog_bar=True, batch_size=window.inputs.shape[1])
        cell = model.cell.current().to_json()
        self._on_reward(Reward(self.trainer.current_epoch, loss.item(), reward, cell))
        return loss

    @property
    def _language_model(self) -> OneShotLanguageModel:
        return cast(OneShotLanguageModel, self.model)
