"""KD-NAS-EMD's search: choices learn how near the network's layers come to those of a teacher."""

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
    """A one-shot strategy beside NNI's, on the training part alone (Li et al., SIGIR 2021).

    In even epochs the shared weights learn from labels, in odd ones the weights of the choices from
    the evaluator's distillation loss: its module also has `start_distillation()`,
    `distillation_step(batch)`, a loss, and `after_distillation_step()`. The result is the choice of
    the largest weights after the epoch with the best `reward` on the validation part, which
    `validation_step` logs (higher is better); the first epoch does not count.
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
        """The search around the training of the shared weights."""
        options = (self.arc_learning_rate, self.weight_decay, self.optimizer)
        return KdEmdModule(training_module, *options)

    def train_dataloader(self, train: Callable[[], Any], valid: Callable[[], Any]) -> Any:
        """The training part alone."""
        return train()

    def val_dataloader(self, train: Callable[[], Any], valid: Callable[[], Any]) -> Any:
        """The validation part, after every epoch."""
        return valid()


class KdEmdModule(DartsLightningModule):  # type: ignore[misc]
    """Weights in even epochs, choices in odd ones: what does not learn is frozen."""

    def __init__(
        self, training_module: Any, learning_rate: float, weight_decay: float, optimizer: Optimizer
    ) -> None:
        super().__init__(training_module, arc_learning_rate=learning_rate)
        self.weight_decay, self.optimizer = weight_decay, optimizer
        self.best: dict[str, Any] | None = None
        """The sample of the best epoch so far."""
        self.best_reward = -math.inf

    def set_model(self, model: nn.Module) -> None:
        """Take all architectures as one network, and the distillation loss for it."""
        super().set_model(model)
        self.training_module.start_distillation()

    def on_fit_start(self) -> None:
        """Raise UserError for a search without an epoch of choices."""
        check_min_epochs("kd_emd", self.trainer.max_epochs, 2)
        super().on_fit_start()

    def arch_parameters(self) -> list[nn.Parameter]:
        """The weights of the choices and of the distillation loss, in the order of the network.

        A checkpoint holds their optimizer's state in that order.
        """
        objective = getattr(self.training_module, "objective", None)
        chosen = set(super().arch_parameters())
        chosen |= set() if objective is None else set(objective.parameters())
        return [weight for weight in self.parameters() if weight in chosen]

    def configure_architecture_optimizers(self) -> torch.optim.Optimizer:
        """Of the choices and the distillation loss.

        The release's is SGD, for losses that it multiplies by up to 1e5. Adam needs no such
        factor: its steps are as long for small gradients.
        """
        kind = torch.optim.AdamW if self.optimizer == "adam" else torch.optim.SGD
        return kind(
            self.arch_parameters(), lr=self.arc_learning_rate, weight_decay=self.weight_decay
        )

    @property
    def choosing(self) -> bool:
        """Whether this epoch is one of the choices."""
        return bool(self.trainer.current_epoch % 2)

    def on_train_epoch_start(self) -> None:
        """Freeze what does not learn in this epoch."""
        chosen = set(self.arch_parameters())
        for weight in self.parameters():
            weight.requires_grad_((weight in chosen) == self.choosing)
            weight.grad = None
        super().on_train_epoch_start()

    def training_step(self, batch: Any, index: int) -> Any:
        """One step of the weights or of the choices."""
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
        """The reward of a batch."""
        return self.training_module.validation_step(*arguments)

    def on_validation_epoch_end(self) -> None:
        """Keep the choices of the best epoch."""
        reward = self.trainer.callback_metrics["reward"].item()
        if self.trainer.current_epoch and reward > self.best_reward:
            # NNI's labels are a type of its own, which a checkpoint does not take.
            self.best = {str(label): value for label, value in super().export().items()}
            self.best_reward = reward

    def export(self) -> dict[str, Any]:
        """The sample of the best epoch."""
        assert self.best is not None, "fit first"
        return dict(self.best)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the best epoch's."""
        checkpoint["kd_emd"] = {"best": self.best, "reward": self.best_reward}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put it back."""
        kept = checkpoint["kd_emd"]
        self.best, self.best_reward = kept["best"], kept["reward"]
