"""ENAS of TextNAS, which NNI lacks: REINFORCE with a moving baseline and a skip penalty."""

from __future__ import annotations

from typing import Any

import torch
from nni.nas.nn.pytorch import ModelSpace
from nni.nas.oneshot.pytorch.base_lightning import BaseOneShotLightningModule
from nni.nas.strategy import ENAS
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.controller import Controller, ControllerSettings, Draw
from search_spaces.textnas.choices import ArcChoices


class TextNasEnas(ENAS):  # type: ignore[misc]
    """One-shot strategy of TextNAS for NNI (Wang et al., 2020).

    Each epoch trains the shared weights on the training batches, then updates the policy once per
    validation batch. The evaluator logs the reward as `reward`; higher is better. It searches the
    model spaces of TextNAS only.
    """

    def __init__(self, settings: ControllerSettings | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.settings = settings or ControllerSettings()

    def configure_oneshot_module(self, training_module: Any) -> ReinforceModule:
        """Return the module that wraps the training of the shared weights."""
        return ReinforceModule(training_module, self.settings)

    def mutate_model(self, model: Any) -> Any:
        """Return the supernet. Raises UserError for another space."""
        if not isinstance(getattr(model, "choices", None), ArcChoices):
            raise UserError(
                f"textnas_enas searches model spaces of textnas, not {type(model).__name__}"
            )
        return super().mutate_model(model)


class ReinforceModule(BaseOneShotLightningModule):  # type: ignore[misc]
    """Trains shared weights on sampled architectures, and the policy on their rewards."""

    controller: Controller
    baseline: torch.Tensor

    def __init__(self, training_module: Any, settings: ControllerSettings) -> None:
        super().__init__(training_module)
        self.settings = settings
        # NaN until the first reward: a baseline of 0 would make the first hundreds of rewards good.
        self.register_buffer("baseline", torch.tensor(torch.nan))

    def set_model(self, model: ModelSpace) -> None:
        """Set the supernet and create its policy."""
        super().set_model(model)
        self.controller = Controller(model.choices, self.settings)

    def configure_architecture_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam for the policy."""
        s = self.settings
        return torch.optim.Adam(self.controller.parameters(), lr=s.learning_rate, eps=s.epsilon)

    def training_step(self, packed: Any, index: int) -> Any:
        """Run a training batch (loader 0) or a rewarded batch; NNI numbers the loaders."""
        batch, _, loader = packed
        if loader == 0:
            self.resample()
            loss = self.training_module.training_step(batch, index)
            self.advance_optimization(loss, index)
        else:
            draw = self.controller.draw()
            self._set_sample(draw)
            self.training_module.validation_step(batch, index)
            loss = self._update_policy(draw, self.trainer.callback_metrics["reward"].item())
        self.advance_lr_schedulers(index)
        return loss

    def resample(self) -> dict[str, Any]:
        """Sample an architecture and set the supernet to it."""
        with torch.no_grad():
            draw = self.controller.draw()
        self._set_sample(draw)
        return dict(draw.sample)

    def export(self) -> dict[str, Any]:
        """Return a sampled architecture."""
        return self.resample()

    def export_probs(self) -> dict[str, Any]:
        """Return an empty dict: probabilities depend on earlier choices of a sample.

        Their entropy is logged with every reward.
        """
        return {}

    def _set_sample(self, draw: Draw) -> None:
        for module in self.supernet_modules():
            module.resample(memo=dict(draw.sample))

    def _update_policy(self, draw: Draw, reward: float) -> torch.Tensor:
        """Update the policy with one reward."""
        s, decay = self.settings, self.settings.baseline_decay
        value = reward + s.entropy_weight * draw.entropy.detach()
        first = self.baseline.isnan()
        moved = decay * self.baseline + (1 - decay) * value
        self.baseline = torch.where(first, value, moved)
        loss = s.skip_weight * draw.skip_penalty - draw.log_probability * (value - self.baseline)
        optimizer = self.architecture_optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        clip_grad_norm_(self.controller.parameters(), s.clip)
        optimizer.step()
        self.log("entropy", draw.entropy.detach(), prog_bar=True, batch_size=1)
        self.log("skip_rate", draw.skip_rate, batch_size=1)
        self.log("baseline", self.baseline, batch_size=1)
        return loss.detach()
