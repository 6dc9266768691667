"""Lightning module of the one-shot search for classifiers: shared weights and rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from nni.nas.evaluator.pytorch import LightningModule
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.distilled import DistillationObjective, student_outputs
from nni_nlp_bench.one_shot.result import Reward
from nni_nlp_bench.one_shot.task import RewardCallback
from nni_nlp_bench.training.classification.batches import Batch
from nni_nlp_bench.training.classification.classifier import Embedding
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.sequences import use_batch_statistics


class SentenceModule(LightningModule):  # type: ignore[misc]
    """Trains on batches of the training set; batches of the dev set give rewards.

    Rewards are computed without dropout. ENAS calls `validation_step` for a reward, DARTS
    `training_step`.

    Args:
        words: Data set with word vectors.
        settings: Schedule of the shared weights.
        batches: Training batches per epoch.
        on_reward: Called with every reward.
        make_objective: Makes the distillation objective of the supernet, or None for the loss of
            the labels; None if the strategy does not distill.
    """

    def __init__(
        self,
        words: EmbeddedDataset,
        settings: ClassifierSettings,
        batches: int,
        on_reward: RewardCallback,
        make_objective: Callable[[Any], DistillationObjective | None] | None = None,
    ) -> None:
        super().__init__()
        self.embedding = Embedding(words.matrix, settings.embedding_dropout)
        self.settings, self.batches = settings, batches
        self.objective: DistillationObjective | None = None
        self._on_reward, self._make_objective = on_reward, make_objective
        self._optimizer: torch.optim.Optimizer | None = None

    def set_model(self, model: Any) -> None:
        """Set the supernet."""
        super().set_model(model)
        use_batch_statistics(model)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer of the shared weights; NNI removes the weights of choices."""
        self._optimizer = self.settings.make_optimizer(self.parameters())
        return self._optimizer

    def configure_gradient_clipping(self, optimizer: Any, *_: Any) -> None:
        """Clip by norm; NNI calls this, but its ENAS has no option for it."""
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        clip_grad_norm_(weights, self.settings.clip)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the loss of a training batch, or of a dev batch for DARTS."""
        if batch.part == "dev":
            return self._reward_step(batch)
        self.train()
        self._set_learning_rate()
        loss = functional.cross_entropy(self._logits(batch), batch.labels)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.labels))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Compute the reward of the sampled architecture."""
        with torch.no_grad():
            self._reward_step(batch)

    def start_distillation(self) -> None:
        """Create the distillation objective. Raises UserError if the task has none."""
        if self._make_objective is None:
            raise UserError("kd_emd has no distillation loss: name a distillation loss, or `none`")
        self.objective = self._make_objective(self.model)

    def distillation_step(self, batch: Batch) -> Tensor:
        """Return the distillation loss of a batch, which kd_emd's choices minimize.

        The loss of the labels if the distillation loss is `none`.
        """
        self.eval()
        vectors = self.embedding(batch.words)
        if self.objective is None:
            loss = functional.cross_entropy(self.model(vectors, batch.mask), batch.labels)
        else:
            loss = self.objective.train()(student_outputs(self.model, vectors, batch.mask), batch)
        self.log("kd_loss", loss, prog_bar=True, batch_size=len(batch.labels))
        return loss

    def after_distillation_step(self) -> None:
        """Update the state of the distillation loss after a step of the choices."""
        if self.objective is not None:
            self.objective.loss.after_step()

    def logits_of(self, network: Any, batch: Batch) -> Tensor:
        """Return logits (batch, classes) of a network with the shared word embedding."""
        logits: Tensor = network(self.embedding(batch.words), batch.mask)
        return logits

    def _logits(self, batch: Batch) -> Tensor:
        return self.logits_of(self.model, batch)

    def _reward_step(self, batch: Batch) -> Tensor:
        self.eval()  # until the next training step: Proxyless runs the network in backward
        logits = self._logits(batch)
        loss = functional.cross_entropy(logits, batch.labels)
        reward = (logits.argmax(1) == batch.labels).float().mean().item()
        self.log("reward", reward, prog_bar=True, batch_size=len(batch.labels))
        found = self.model.current().to_json()
        self._on_reward(Reward(self.trainer.current_epoch, loss.item(), reward, found))
        return loss

    def _set_learning_rate(self) -> None:
        """Set the learning rate of this step: NNI's strategies step a scheduler differently."""
        assert self._optimizer is not None
        step = self.trainer.fit_loop.epoch_loop.batch_idx
        epoch = self.trainer.current_epoch + min(step / self.batches, 1)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.rate_at(epoch)
