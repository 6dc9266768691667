"""Language model around all cells of ENAS, as a model space of NNI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from nni.nas.nn.pytorch import ModelSpace
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.data.batches import windows
from nni_nlp_bench.training.seeding import epoch_seed
from search_spaces.enas_cell.choices import CellChoices
from search_spaces.enas_cell.mutables import MutableEnasCell
from search_spaces.enas_cell.supernet import oneshot_hooks


class OneShotLanguageModel(ModelSpace):  # type: ignore[misc]
    """Embedding, dropout, one layer of the cell, dropout and a tied decoder.

    `seed` seeds the embedding and the dropout masks; the weights of cells are drawn from torch's
    global generator.
    """

    def __init__(self, words: int, nodes: int, width: int, dropout: float, seed: int) -> None:
        super().__init__()
        self.dropout = dropout
        self.random = torch.Generator().manual_seed(seed)
        self.embedding = nn.Parameter(torch.empty(words, width))
        nn.init.uniform_(self.embedding, -0.1, 0.1, generator=self.random)
        self.decoder_bias = nn.Parameter(torch.zeros(words))
        self.cell = MutableEnasCell(nodes, width, width)

    @property
    def choices(self) -> CellChoices:
        """Choices of the cell."""
        choices: CellChoices = self.cell.choices
        return choices

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """Return the mutation hooks of NNI's one-shot strategies for the cell."""
        return oneshot_hooks(strategy)

    def forward(
        self, tokens: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return logits (time * batch, words) of the next words and the last states.

        `tokens` has the shape (time, batch).
        """
        embedded = self._locked_dropout(functional.embedding(tokens, self.embedding))
        outputs, last = self.cell.unroll(embedded, states)
        flat = self._locked_dropout(outputs).flatten(0, 1)
        return functional.linear(flat, self.embedding, self.decoder_bias), last

    def loss(
        self, tokens: Tensor, targets: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the mean loss in nats per token of targets (time * batch,) and the last states."""
        logits, last = self(tokens, states)
        return functional.cross_entropy(logits, targets), last

    def seed_dropout(self, seed: int, epoch: int) -> None:
        """Seed the dropout masks of an epoch, so that a search can resume at any epoch."""
        self.random.manual_seed(epoch_seed(seed, epoch))

    def perplexity(self, rows: Tensor, length: int) -> float:
        """Return the perplexity of a text (time, batch): lower is better.

        Without dropout; states are carried between windows.
        """
        total, states = 0.0, None
        training = self.training
        self.eval()
        with torch.inference_mode():
            for inputs, targets in windows(rows, length):
                loss, states = self.loss(inputs, targets, states)
                total += len(inputs) * loss.item()
        self.train(training)
        return perplexity_of(total / (len(rows) - 1))

    def _locked_dropout(self, value: Tensor) -> Tensor:
        """Apply variational dropout: one mask for all steps of (time, batch, width)."""
        if not self.training or not self.dropout:
            return value
        kept = torch.empty(1, *value.shape[1:])
        kept.bernoulli_(1 - self.dropout, generator=self.random).div_(1 - self.dropout)
        return value * kept.to(value)


def perplexity_of(loss: float) -> float:
    """Return the perplexity of a loss in nats per token; infinite for NaN or an overflow."""
    if math.isnan(loss):
        return math.inf
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf
