"""Trainer of language models with the protocol of the NAS-Bench-NLP release."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.batches import columns, window, windows
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.decoders import decoder_settings
from nni_nlp_bench.training.device import usable_device
from nni_nlp_bench.training.language_model import Outputs, States, detached
from nni_nlp_bench.training.models import LanguageArchitecture, make_model
from nni_nlp_bench.training.objective import draw_length, penalties
from nni_nlp_bench.training.settings import Settings
from search_spaces.lts import LtsArchitecture
from search_spaces.rnn_cell import Recipe

AfterStep = Callable[[int, int], None]
"""Called with the numbers of trained and of all rows of the epoch."""


def _check_settings(architecture: LanguageArchitecture, settings: Settings) -> None:
    """Raise UserError for settings of a cell for a decoder, and for cells of ENAS, most of whose
    matrices would not be trained."""
    if isinstance(architecture, LtsArchitecture):
        if settings.sizes != decoder_settings(architecture).sizes:
            raise UserError("a decoder has sizes of its own: take the settings of decoder_settings")
    elif settings.weight_drop == "release" and not isinstance(architecture, Recipe):
        raise UserError(
            "weight drop 'release' does not train recurrent matrices, which are most of a cell of "
            "ENAS: take 'trained'"
        )


def _check_length(corpus: Corpus, settings: Settings) -> None:
    evaluated = settings.eval_batch_size
    for part, size, rows in (
        ("train", settings.batch_size, 3),
        ("train", evaluated, 2),
        ("valid", evaluated, 3),
        ("test", evaluated, 3),
    ):
        tokens = len(getattr(corpus, part))
        if tokens < rows * size:
            raise UserError(
                f"the part {part!r} of corpus {corpus.name} has {tokens:,} tokens, too few for "
                f"{size} columns: choose a smaller batch"
            )


class Trainer:
    """A language model, its optimizer and its position in the epoch."""

    def __init__(
        self, recipe: LanguageArchitecture, corpus: Corpus, settings: Settings, device: str = "cpu"
    ) -> None:
        self.settings = settings
        self.device = usable_device(device)
        _check_length(corpus, settings)
        _check_settings(recipe, settings)
        words = len(corpus.vocabulary)
        self.model = make_model(recipe, words, settings, corpus.train).to(self.device)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.rows = columns(corpus.train, settings.batch_size).to(self.device)
        self._lengths = torch.Generator().manual_seed(settings.seed)
        self.position = 0
        """First row of the next window; beyond the last at the end of an epoch."""
        self.epoch_s = 0.0
        self.states: States | None = None

    def train_epoch(
        self,
        after_step: AfterStep = lambda done, total: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the end of the epoch, or until `stop`. Return False if the loss became NaN.

        `epoch_s` is then the time of the whole epoch, including that before an interruption.
        """
        if self._epoch_over:
            self.position, self.epoch_s, self.states = 0, 0.0, None
        self.model.train()
        while not self._epoch_over and not stop():
            started = time.perf_counter()
            finite = self._step()
            self.epoch_s += time.perf_counter() - started
            if not finite:
                return False
            after_step(self.position, len(self.rows))
        return True

    def evaluate(self, ids: NDArray[Any]) -> float:
        """Return the mean cross-entropy in nats per token, without dropout, from zero states.

        The release divides the same sum by one more token per column.
        """
        rows = columns(ids, self.settings.eval_batch_size).to(self.device)
        total, states = 0.0, None
        self.model.eval()
        with torch.inference_mode():
            for inputs, targets in windows(rows, self.settings.bptt):
                outputs, loss = self._run(inputs, targets, states)
                states = outputs.states
                total += len(inputs) * loss.item()
        return total / (len(rows) - 1)

    def state(self) -> dict[str, Any]:
        """Return the state of the training."""
        return {
            "model": self.model.state_dict(),
            "masks": self.model.random.get_state(),
            "optimizer": self.optimizer.state_dict(),
            "lengths": self._lengths.get_state(),
            "states": self.states,
            "position": self.position,
            "epoch_s": self.epoch_s,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a `state`."""
        self.model.load_state_dict(state["model"])
        self.model.random.set_state(state["masks"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._lengths.set_state(state["lengths"])
        self.states = state["states"]
        self.position = state["position"]
        self.epoch_s = state["epoch_s"]

    @property
    def _epoch_over(self) -> bool:
        return self.position >= len(self.rows) - 2

    def _step(self) -> bool:
        """Train on the next window. Return False if its loss is NaN."""
        settings = self.settings
        fixed = self.model.has_fixed_windows
        length = settings.bptt if fixed else draw_length(settings.bptt, self._lengths)
        inputs, targets = window(self.rows, self.position, length)
        outputs, loss = self._run(inputs, targets, self.states)
        penalised = loss + penalties(outputs, settings)
        self.optimizer.zero_grad()
        penalised.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(self.model.parameters(), settings.clip)
        self.optimizer.param_groups[0]["lr"] = settings.learning_rate * length / settings.bptt
        self.optimizer.step()
        self.states = detached(outputs.states)
        self.position += length
        return not loss.isnan().item()

    def _run(
        self, inputs: Tensor, targets: Tensor, states: States | None
    ) -> tuple[Outputs, Tensor]:
        with self._precision():
            outputs = self.model(inputs, states)
            return outputs, self.model.loss(outputs.dropped, targets)

    def _precision(self) -> AbstractContextManager[Any]:
        half = self.settings.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)
