"""ENAS as TextNAS has it, which NNI lacks: REINFORCE with a moving baseline and a skip penalty."""

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
    """A one-shot strategy beside NNI's: batches of training, then one reward and one step of the
    policy a batch of validation.

    The evaluator logs the reward as `reward`, higher is better. It searches the model spaces of
    TextNAS.
    """

    def __init__(self, settings: ControllerSettings | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.settings = settings or ControllerSettings()

    def configure_oneshot_module(self, training_module: Any) -> ReinforceModule:
        """The search around the training of the shared weights."""
        return ReinforceModule(training_module, self.settings)

    def mutate_model(self, model: Any) -> Any:
        """All architectures in one network. Raises UserError for another space."""
        if not isinstance(getattr(model, "choices", None), ArcChoices):
            raise UserError(
                f"textnas_enas searches model spaces of textnas, not {type(model).__name__}"
            )
        return super().mutate_model(model)


class ReinforceModule(BaseOneShotLightningModule):  # type: ignore[misc]
    """The shared weights learn on networks that the policy draws, the policy on their rewards."""

    controller: Controller
    baseline: torch.Tensor

    def __init__(self, training_module: Any, settings: ControllerSettings) -> None:
        super().__init__(training_module)
        self.settings = settings
        # NaN until the first reward: from 0 on, all of the first hundreds would count as good.
        self.register_buffer("baseline", torch.tensor(torch.nan))

    def set_model(self, model: ModelSpace) -> None:
        """Take the space, and make its policy."""
        super().set_model(model)
        self.controller = Controller(model.choices, self.settings)

    def configure_architecture_optimizers(self) -> torch.optim.Optimizer:
        """Adam for the policy."""
        s = self.settings
        return torch.optim.Adam(self.controller.parameters(), lr=s.learning_rate, eps=s.epsilon)

    def training_step(self, packed: Any, index: int) -> Any:
        """A batch of training (loader 0) or a reward, told apart as NNI does."""
        batch, _, loader = packed
        if loader == 0:
            self.resample()
            loss = self.training_module.training_step(batch, index)
            self.advance_optimization(loss, index)
        else:
            draw = self.controller.draw()
            self._take(draw)
            self.training_module.validation_step(batch, index)
            loss = self._learn(draw, self.trainer.callback_metrics["reward"].item())
        self.advance_lr_schedulers(index)
        return loss

    def resample(self) -> dict[str, Any]:
        """Draw an architecture, which the supernet then is."""
        with torch.no_grad():
            draw = self.controller.draw()
        self._take(draw)
        return dict(draw.sample)

    def export(self) -> dict[str, Any]:
        """Draw an architecture."""
        return self.resample()

    def export_probs(self) -> dict[str, Any]:
        """None: they depend on what was drawn before. Their entropy is logged with every reward."""
        return {}

    def _take(self, draw: Draw) -> None:
        for module in self.supernet_modules():
            module.resample(memo=dict(draw.sample))

    def _learn(self, draw: Draw, reward: float) -> torch.Tensor:
        """One step of the policy on one reward."""
        s, decay = self.settings, self.settings.baseline_decay
        worth = reward + s.entropy_weight * draw.entropy.detach()
        first = self.baseline.isnan()
        moved = decay * self.baseline + (1 - decay) * worth
        self.baseline = torch.where(first, worth, moved)
        loss = s.skip_weight * draw.skip_penalty - draw.log_probability * (worth - self.baseline)
        optimizer = self.architecture_optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        clip_grad_norm_(self.controller.parameters(), s.clip)
        optimizer.step()
        self.log("entropy", draw.entropy.detach(), prog_bar=True, batch_size=1)
        self.log("skip_rate", draw.skip_rate, batch_size=1)
        self.log("baseline", self.baseline, batch_size=1)
        return loss.detach()
