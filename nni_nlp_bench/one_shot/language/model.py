"""The small language model around all cells, as a model space of NNI."""

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


class OneShotLanguageModel(ModelSpace):  # type: ignore[misc]
    """Embedding, dropout, one layer of the cell, dropout, and a decoder that is the embedding.

    `seed` decides embedding and dropout masks; the weights of cells come from torch's global
    generator.
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
        """The choices of the cell."""
        choices: CellChoices = self.cell.choices
        return choices

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """Return NNI's hooks that replace the cell by a supernet."""
        from search_spaces.enas_cell.supernet import oneshot_hooks

        return oneshot_hooks(strategy)

    def forward(
        self, tokens: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits (time * batch, words) of the next words of tokens (time, batch), last states."""
        embedded = self._locked(functional.embedding(tokens, self.embedding))
        outputs, last = self.cell.unroll(embedded, states)
        flat = self._locked(outputs).flatten(0, 1)
        return functional.linear(flat, self.embedding, self.decoder_bias), last

    def loss(
        self, tokens: Tensor, targets: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Mean cross-entropy in nats per token of targets (time * batch,), and the last states."""
        logits, last = self(tokens, states)
        return functional.cross_entropy(logits, targets), last

    def seed_dropout(self, seed: int, epoch: int) -> None:
        """Let the masks of an epoch begin anew, so that a search may go on with any of them."""
        self.random.manual_seed(epoch_seed(seed, epoch))

    def perplexity(self, rows: Tensor, length: int) -> float:
        """Of a text (time, batch), without dropout, states carried through; lower is better."""
        total, states = 0.0, None
        training = self.training
        self.eval()
        with torch.inference_mode():
            for inputs, targets in windows(rows, length):
                loss, states = self.loss(inputs, targets, states)
                total += len(inputs) * loss.item()
        self.train(training)
        return perplexity_of(total / (len(rows) - 1))

    def _locked(self, value: Tensor) -> Tensor:
        """In training: (time, batch, width) with one mask for all steps."""
        if not self.training or not self.dropout:
            return value
        kept = torch.empty(1, *value.shape[1:])
        kept.bernoulli_(1 - self.dropout, generator=self.random).div_(1 - self.dropout)
        return value * kept.to(value)


def perplexity_of(loss: float) -> float:
    """Of a loss in nats per token; infinite where it is NaN or too large for a number."""
    if math.isnan(loss):
        return math.inf
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf
