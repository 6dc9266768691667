"""One-shot search of KD-NAS-EMD: architecture weights minimize a distillation loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from nni.nas.oneshot.pytorch.differentiable import DartsLightningModule
from nni.nas.strategy import DARTS
from torch import nn

from nni_nlp_bench.one_shot.base import check_min_epochs
from nni_nlp_bench.training.classification.settings import Optimizer


class KdEmd(DARTS):  # type: ignore[misc]
    """One-shot strategy of KD-NAS-EMD for NNI (Li et al., SIGIR 2021).

    Even epochs train the shared weights on labels, odd epochs the weights of the choices on a
    distillation loss, both on the training set. The evaluator's module must also have
    `start_distillation()`, `distillation_step(batch)`, which returns the loss, and
    `after_distillation_step()`; its `validation_step` logs `reward` (higher is better). The result
    is the choice of the largest weights after the epoch with the best reward on the validation set,
    excluding the first epoch.

    Args:
        learning_rate: Learning rate for the weights of the choices.
        weight_decay: Weight decay for the weights of the choices.
        optimizer: Optimizer of the weights of the choices.
    """

    def __init__(
        self,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-3,
        optimizer: Optimizer = "adam",
    ) -> None:
        super().__init__(arc_learning_rate=learning_rate)
        self.weight_decay, self.optimizer = weight_decay, optimizer

    def configure_oneshot_module(self, training_module: Any) -> KdEmdModule:
        """Return the module that wraps the training of the shared weights."""
        options = (self.arc_learning_rate, self.weight_decay, self.optimizer)
        return KdEmdModule(training_module, *options)

    def train_dataloader(self, train: Callable[[], Any], valid: Callable[[], Any]) -> Any:
        """Return the training set."""
        return train()

    def val_dataloader(self, train: Callable[[], Any], valid: Callable[[], Any]) -> Any:
        """Return the validation set, which is evaluated after every epoch."""
        return valid()


class KdEmdModule(DartsLightningModule):  # type: ignore[misc]
    """Trains weights in even epochs and choices in odd ones; the others are frozen."""

    def __init__(
        self, training_module: Any, learning_rate: float, weight_decay: float, optimizer: Optimizer
    ) -> None:
        super().__init__(training_module, arc_learning_rate=learning_rate)
        self.weight_decay, self.optimizer = weight_decay, optimizer
        self.best: dict[str, Any] | None = None
        """Sample of the best epoch so far."""
        self.best_reward = -math.inf

    def set_model(self, model: nn.Module) -> None:
        """Set the supernet and create its distillation loss."""
        super().set_model(model)
        self.training_module.start_distillation()

    def on_fit_start(self) -> None:
        """Raise UserError if no epoch trains the choices."""
        check_min_epochs("kd_emd", self.trainer.max_epochs, 2)
        super().on_fit_start()

    def arch_parameters(self) -> list[nn.Parameter]:
        """Return the weights of the choices and the distillation loss, in the network's order.

        A checkpoint stores the optimizer's state in that order.
        """
        objective = getattr(self.training_module, "objective", None)
        chosen = set(super().arch_parameters())
        chosen |= set() if objective is None else set(objective.parameters())
        return [weight for weight in self.parameters() if weight in chosen]

    def configure_architecture_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer of the choices and the distillation loss.

        The release uses SGD with losses scaled by up to 1e5. Adam needs no such factor, because its
        steps do not depend on the scale of the gradients.
        """
        kind = torch.optim.AdamW if self.optimizer == "adam" else torch.optim.SGD
        return kind(
            self.arch_parameters(), lr=self.arc_learning_rate, weight_decay=self.weight_decay
        )

    @property
    def choosing(self) -> bool:
        """Whether the current epoch trains the choices."""
        return bool(self.trainer.current_epoch % 2)

    def on_train_epoch_start(self) -> None:
        """Freeze the parameters that this epoch does not train."""
        chosen = set(self.arch_parameters())
        for weight in self.parameters():
            weight.requires_grad_((weight in chosen) == self.choosing)
            weight.grad = None
        super().on_train_epoch_start()

    def training_step(self, batch: Any, index: int) -> Any:
        """Run one step of the weights or of the choices."""
        if not self.choosing:
            loss = self.training_module.training_step(batch, index)
            self.advance_optimization(loss, index)
            self.advance_lr_schedulers(index)
            return loss
        optimizer: Any = self.architecture_optimizers()
        optimizer.zero_grad()
        loss = self.training_module.distillation_step(batch)
        self.manual_backward(loss)
        optimizer.step()
        self.training_module.after_distillation_step()
        return loss

    def validation_step(self, *arguments: Any) -> Any:
        """Compute the reward of a batch."""
        return self.training_module.validation_step(*arguments)

    def on_validation_epoch_end(self) -> None:
        """Record the sample if this is the best epoch so far."""
        reward = self.trainer.callback_metrics["reward"].item()
        if self.trainer.current_epoch and reward > self.best_reward:
            # Checkpoints cannot store the type of NNI's labels.
            self.best = {str(label): value for label, value in super().export().items()}
            self.best_reward = reward

    def export(self) -> dict[str, Any]:
        """Return the sample of the best epoch."""
        assert self.best is not None, "fit first"
        return dict(self.best)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the best sample and its reward."""
        checkpoint["kd_emd"] = {"best": self.best, "reward": self.best_reward}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the best sample and its reward."""
        saved = checkpoint["kd_emd"]
        self.best, self.best_reward = saved["best"], saved["reward"]
