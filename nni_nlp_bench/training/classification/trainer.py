"""Trainer of classifiers, with a state that can be saved and restored."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.training.classification.batches import Batch, Encoded
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.device import usable_device
from nni_nlp_bench.training.seeding import epoch_seed

AfterStep = Callable[[int, int], None]
"""Called with the numbers of completed and of all batches of the epoch."""


class Trainer:
    """Trains a classifier on encoded sentences.

    The order of batches depends on the seed and the epoch. Dropout uses torch's global generator,
    which every epoch seeds.
    """

    def __init__(
        self, model: Classifier, data: Encoded, settings: ClassifierSettings, device: str = "cpu"
    ) -> None:
        self.device = usable_device(device)
        self.model = model.to(self.device)
        self.data, self.settings = data, settings
        self.optimizer = settings.make_optimizer(model.parameters())
        self.step, self.seconds, self._total = 0, 0.0, 0.0

    def train_epoch(
        self,
        epoch: int,
        after_step: AfterStep = lambda done, of: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> float:
        """Train one epoch from `step` on; return its mean loss in nats per sentence.

        Stops and returns NaN if a loss is NaN. Once `stop` returns true, the epoch ends.
        """
        batches = self._batches(epoch)
        if self.step == 0:
            torch.manual_seed(epoch_seed(self.settings.seed, epoch))
        self.model.train()
        start = time.perf_counter()
        while self.step < len(batches):
            self._set_rate(epoch + self.step / len(batches))
            loss = self._train_on(batches[self.step].to(self.device))
            self._total += loss
            if math.isnan(loss):
                return math.nan
            self.step += 1
            after_step(self.step, len(batches))
            if stop():
                break
        self.seconds = time.perf_counter() - start
        mean = self._total / self.step
        self.step, self._total = 0, 0.0
        return mean

    def _batches(self, epoch: int) -> list[Batch]:
        rng = np.random.default_rng([self.settings.seed, epoch])
        return self.data.shuffled(self.settings.batch_size, rng)

    def _train_on(self, batch: Batch) -> float:
        self.optimizer.zero_grad()
        mixed = self.settings.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=mixed):
            loss = self.model.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.model.after_step()
        return loss.item()

    def _set_rate(self, epoch: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate_at(epoch)

    def state(self) -> dict[str, Any]:
        """Return the state of the training."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "total": self._total,
            "random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self._total = state["step"], state["total"]
        torch.set_rng_state(state["random"].cpu())
