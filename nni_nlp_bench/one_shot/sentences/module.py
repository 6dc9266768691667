"""The training of the shared weights and the rewards of architectures, as a module of Lightning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from nni.nas.evaluator.pytorch import LightningModule
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.distilled import DistillationObjective, student_of
from nni_nlp_bench.one_shot.task import Reward, RewardCallback
from nni_nlp_bench.training.classification.batches import Batch
from nni_nlp_bench.training.classification.classifier import Embedding
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.sequences import use_batch_statistics


class SentenceModule(LightningModule):  # type: ignore[misc]
    """Trains on batches of either part; ENAS calls `validation_step` for a reward.

    A batch of the dev part counts as it will: without dropout.
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
        """Take all architectures as one network."""
        super().set_model(model)
        use_batch_statistics(model)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """That of the shared weights; NNI takes the weights of choices out."""
        self._optimizer = self.settings.make_optimizer(self.parameters())
        return self._optimizer

    def configure_gradient_clipping(self, optimizer: Any, *_: Any) -> None:
        """Clip by norm: NNI asks for it, but its ENAS has no option of it."""
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        clip_grad_norm_(weights, self.settings.clip)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of the shared weights, or of the weights of choices where DARTS validates."""
        if batch.part == "dev":
            return self._rewarded(batch)
        self.train()
        self._set_rate()
        loss = functional.cross_entropy(self._logits(batch), batch.labels)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.labels))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """The reward of the architecture that a strategy has sampled."""
        with torch.no_grad():
            self._rewarded(batch)

    def start_distillation(self) -> None:
        """Make what kd_emd's choices learn. Raises UserError where there is nothing to learn."""
        if self._make_objective is None:
            raise UserError("kd_emd has no distillation loss: name a distillation loss, or `none`")
        self.objective = self._make_objective(self.model)

    def distillation_step(self, batch: Batch) -> Tensor:
        """What kd_emd's choices learn from: how far the network is from its teacher.

        Without a distillation loss, the loss of the labels. Lower is better.
        """
        self.eval()
        vectors = self.embedding(batch.words)
        if self.objective is None:
            loss = functional.cross_entropy(self.model(vectors, batch.mask), batch.labels)
        else:
            loss = self.objective.train()(student_of(self.model, vectors, batch.mask), batch)
        self.log("kd_loss", loss, prog_bar=True, batch_size=len(batch.labels))
        return loss

    def after_distillation_step(self) -> None:
        """Let the loss learn from the last batch, after the step of the choices."""
        if self.objective is not None:
            self.objective.loss.after_step()

    def logits_of(self, network: Any, batch: Batch) -> Tensor:
        """Logits (batch, classes) of one network with the shared embedding of words."""
        logits: Tensor = network(self.embedding(batch.words), batch.mask)
        return logits

    def _logits(self, batch: Batch) -> Tensor:
        return self.logits_of(self.model, batch)

    def _rewarded(self, batch: Batch) -> Tensor:
        self.eval()  # until the next step of training: Proxyless computes in its backward too
        logits = self._logits(batch)
        loss = functional.cross_entropy(logits, batch.labels)
        reward = (logits.argmax(1) == batch.labels).float().mean().item()
        self.log("reward", reward, prog_bar=True, batch_size=len(batch.labels))
        found = self.model.current().to_json()
        self._on_reward(Reward(self.trainer.current_epoch, loss.item(), reward, found))
        return loss

    def _set_rate(self) -> None:
        """The rate of this step: NNI's own steps of a scheduler differ between its strategies."""
        assert self._optimizer is not None
        step = self.trainer.fit_loop.epoch_loop.batch_idx
        epoch = self.trainer.current_epoch + min(step / self.batches, 1)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.rate_at(epoch)
