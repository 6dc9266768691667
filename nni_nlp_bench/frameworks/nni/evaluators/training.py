"""NNI evaluator that trains language models with PyTorch Lightning, for multi-trial strategies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import nni
import torch
from nni.nas.evaluator.pytorch import Lightning, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from nni_nlp_bench.data.batches import columns, window, windows
from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.training.language_model import LanguageModel, Outputs, States, detached
from nni_nlp_bench.training.objective import draw_length, penalties
from nni_nlp_bench.training.settings import Settings
from search_spaces.rnn_cell.network import RecurrentCell

Window = tuple[Tensor, Tensor]


class RandomWindows(IterableDataset[Window]):
    """Windows of random length over one epoch of text, as in the release of NAS-Bench-NLP."""

    def __init__(self, rows: Tensor, settings: Settings) -> None:
        self.rows, self.bptt = rows, settings.bptt
        self._generator = torch.Generator().manual_seed(settings.seed)

    def __iter__(self) -> Iterator[Window]:
        start = 0
        while start < len(self.rows) - 2:
            length = draw_length(self.bptt, self._generator)
            yield window(self.rows, start, length)
            start += length


@nni.trace
class LanguageModelModule(LightningModule):  # type: ignore[misc]
    """Lightning module that trains the language model of a recurrent cell.

    The metric is minus the validation loss in nats per token (higher is better), reported after
    every epoch and at the end.

    Args:
        words: Size of the vocabulary.
        settings: Settings of the training.
    """

    def __init__(self, words: int, settings: Settings) -> None:
        super().__init__()
        self.words, self.settings = words, settings
        self.score = math.nan
        """Minus the validation loss after the last epoch."""
        self._states: States | None = None

    def set_model(self, model: RecurrentCell) -> None:
        """Build the language model of the cell's recipe with new weights."""
        s = self.settings
        super().set_model(
            LanguageModel(model.recipe, self.words, s.sizes, s.dropouts, s.weight_drop, s.seed)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the Adam optimizer of the settings."""
        s = self.settings
        return torch.optim.Adam(self.parameters(), lr=s.learning_rate, weight_decay=s.weight_decay)

    def training_step(self, batch: Window, batch_idx: int) -> Tensor:
        """Return the loss of one window, including activation penalties."""
        if batch_idx == 0:
            self._states = None
        outputs, loss = self._run(batch)
        scale = len(batch[0]) / self.settings.bptt
        self.optimizers().param_groups[0]["lr"] = self.settings.learning_rate * scale
        return loss + penalties(outputs, self.settings)

    def validation_step(self, batch: Window, batch_idx: int) -> None:
        """Log the loss of one window, in nats per token."""
        if batch_idx == 0:
            self._states = None
        _, loss = self._run(batch)
        self.log("val_loss", loss, prog_bar=True, batch_size=len(batch[1]))

    def on_validation_epoch_end(self) -> None:
        """Report the metric of the epoch to NNI."""
        if self.trainer.sanity_checking:
            return
        self.score = -float(self.trainer.callback_metrics["val_loss"])
        if nni.get_current_parameter() is not None:
            nni.report_intermediate_result(self.score)

    def on_fit_end(self) -> None:
        """Report the final metric to NNI."""
        if nni.get_current_parameter() is not None:
            nni.report_final_result(self.score)

    def _run(self, batch: Window) -> tuple[Outputs, Tensor]:
        outputs: Outputs = self.model(batch[0], self._states)
        self._states = detached(outputs.states)
        return outputs, self.model.loss(outputs.dropped, batch[1])


@nni.trace
class FreshLightning(Lightning):  # type: ignore[misc]
    """NNI's Lightning evaluator with a new trainer for every model: trainers cannot be reused."""

    def evaluate(self, model: RecurrentCell) -> Any:
        """Train the model and return its metric."""
        self.trainer: Any = Trainer(**self.trainer.trace_kwargs)
        return super().evaluate(model)


def lightning_evaluator(corpus: str, settings: Settings, **options: Any) -> Lightning:
    """Return an NNI evaluator that trains every cell on a corpus.

    Args:
        corpus: Name or folder of a corpus.
        settings: Settings of the training.
        **options: Options of `nni.nas.evaluator.pytorch.Trainer`.

    Raises:
        UserError: the corpus is unknown or cannot be read.
    """
    text = load_corpus(corpus)
    rows = columns(text.train, settings.batch_size)
    valid = list(windows(columns(text.valid, settings.eval_batch_size), settings.bptt))
    defaults: dict[str, Any] = {
        "logger": False,
        "enable_checkpointing": False,
        "accelerator": "cpu",
    }
    trainer = Trainer(
        max_epochs=settings.epochs, gradient_clip_val=settings.clip, **(defaults | options)
    )
    return FreshLightning(
        LanguageModelModule(len(text.vocabulary), settings),
        trainer,
        nni.trace(DataLoader)(RandomWindows(rows, settings), batch_size=None),
        nni.trace(DataLoader)(valid, batch_size=None),
    )
