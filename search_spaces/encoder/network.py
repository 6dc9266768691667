"""The network of one encoder, from tokens to hidden states."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.encoder.architecture import EncoderArchitecture
from search_spaces.encoder.layers import EPSILON, initialise, make_layers, through
from search_spaces.encoder.operations import Attention
from search_spaces.encoder.parameters import SIZES, TYPES

PADDING = 0
"""The padding token: its embedding is always 0."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and dropout, which an architecture leaves open. The defaults are the release's."""

    vocabulary: int = SIZES["vocabulary"]
    positions: int = SIZES["positions"]
    """The longest text, in tokens."""
    embedding_size: int = SIZES["embedding_size"]
    dropout: float = 0.1
    """Dropout probability in embeddings, attention and layers."""

    def __post_init__(self) -> None:
        for name in ("vocabulary", "positions", "embedding_size"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")


class Positions(nn.Module):
    """Adds position embeddings; then layer norm and dropout."""

    def __init__(self, positions: int, width: int, dropout: float) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(positions, width)
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, length, width) to the same. Raises UserError for a text that is too long."""
        length, places = values.shape[1], self.position_embeddings.num_embeddings
        if length > places:
            raise UserError(f"the encoder reads at most {places} tokens of a text, got {length}")
        normed: Tensor = self.norm(values + self.position_embeddings.weight[:length])
        dropped: Tensor = self.dropout(normed)
        return dropped


class Embeddings(nn.Module):
    """Sums of embeddings of tokens, positions and types, projected to the hidden size."""

    def __init__(self, hidden_size: int, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.embedding_size
        self.word_embeddings = nn.Embedding(sizes.vocabulary, width, padding_idx=PADDING)
        self.type_embeddings = nn.Embedding(TYPES, width)
        self.positions = Positions(sizes.positions, width, sizes.dropout)
        self.projection = nn.Linear(width, hidden_size) if width != hidden_size else nn.Identity()

    def forward(self, tokens: Tensor, types: Tensor | None = None) -> Tensor:
        """Ids (batch, length) to (batch, length, hidden size). Without types all are of the
        first."""
        kinds = torch.zeros_like(tokens) if types is None else types
        values = self.word_embeddings(tokens) + self.type_embeddings(kinds)
        projected: Tensor = self.projection(self.positions(values))
        return projected


class EncoderNetwork(nn.Module):
    """Layers of one architecture on embeddings of tokens, without a head.

    Of each layer, `mixing.operation` has `query`, `key`, `value` and `softmax` where it attends,
    `weight` where that is weighted, and `input` where it is a linear transform. Weights come from
    torch's global generator. Raises UserError for sizes that no network has.
    """

    def __init__(self, encoder: EncoderArchitecture, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.sizes = sizes or Sizes()
        self.embeddings = Embeddings(encoder.hidden_size, self.sizes)
        self.layers = make_layers(encoder, self.sizes.dropout)
        initialise(self)

    def layer_outputs(
        self, tokens: Tensor, mask: Tensor | None = None, types: Tensor | None = None
    ) -> list[Tensor]:
        """Return each layer's output (batch, length, hidden size) for ids (batch, length).

        `mask` is true at words; without one all are words, padding too, as in the release.
        """
        return through(self.layers, self.embeddings(tokens, types), _words(tokens, mask))

    def attention(
        self, tokens: Tensor, mask: Tensor | None = None, types: Tensor | None = None
    ) -> dict[int, Tensor]:
        """Number of each layer that attends -> how much each word (row) looks at each (column):
        (batch, heads, length, length)."""
        words = _words(tokens, mask)
        embedded = self.embeddings(tokens, types)
        inputs = [embedded, *through(self.layers, embedded, words)]
        found = {}
        for number, layer in enumerate(self.layers):
            operation = layer.get_submodule("mixing.operation")
            if isinstance(operation, Attention):
                found[number] = operation.probabilities(inputs[number], words)
        return found

    def forward(
        self, tokens: Tensor, mask: Tensor | None = None, types: Tensor | None = None
    ) -> Tensor:
        """Return the last layer's output (batch, length, hidden size)."""
        return self.layer_outputs(tokens, mask, types)[-1]


def _words(tokens: Tensor, mask: Tensor | None) -> Tensor:
    """True at words, as operations take it."""
    if mask is None:
        return torch.ones(1, tokens.shape[1], dtype=torch.bool, device=tokens.device)
    return mask.bool()
