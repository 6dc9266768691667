"""The network of one encoder, from word vectors to logits of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.encoder.architecture import EncoderArchitecture
from search_spaces.encoder.layers import initialise, make_layers, through
from search_spaces.encoder.network import Positions
from search_spaces.encoder.parameters import SIZES
from search_spaces.sequences import padding_of, stem_input


@dataclass(frozen=True, slots=True)
class ClassifierSizes:
    """Widths of the data, and the dropout."""

    vectors: int = 300
    """Width of the word vectors."""
    classes: int = 2
    dropout: float = 0.1
    """Dropout probability in the stem, attention and layers, and before the head."""

    def __post_init__(self) -> None:
        for name in ("vectors", "classes"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")


class Stem(nn.Module):
    """Projects word vectors to the hidden size, and adds position embeddings."""

    def __init__(self, hidden_size: int, sizes: ClassifierSizes) -> None:
        super().__init__()
        self.dense = nn.Linear(sizes.vectors, hidden_size)
        self.positions = Positions(SIZES["positions"], hidden_size, sizes.dropout)

    def forward(self, vectors: Tensor, padding: Tensor) -> Tensor:
        """(batch, length, vectors) to (batch, length, hidden size)."""
        stem: Tensor = self.positions(self.dense(stem_input(vectors, padding).transpose(1, 2)))
        return stem


class Head(nn.Module):
    """Logits of the mean word."""

    def __init__(self, hidden_size: int, sizes: ClassifierSizes) -> None:
        super().__init__()
        self.dropout = nn.Dropout(sizes.dropout)
        self.linear = nn.Linear(hidden_size, sizes.classes)

    def forward(self, output: Tensor, padding: Tensor) -> Tensor:
        """(batch, hidden size, length), 0 at padding, to (batch, classes)."""
        logits: Tensor = self.linear(self.dropout(output.sum(-1) / (~padding).sum(-1)))
        return logits


class LayeredClassifier(nn.Module):
    """Layers between stem and head. Padding changes nothing."""

    def __init__(self, stem: nn.Module, layers: nn.ModuleList, head: nn.Module) -> None:
        super().__init__()
        self.stem, self.layers, self.head = stem, layers, head

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """Word vectors (batch, length, vectors) and mask (batch, length), true at words, to each
        layer's output (batch, hidden size, length), 0 at padding."""
        padding = padding_of(mask)
        outputs = through(self.layers, self.stem(vectors, padding), mask.bool())
        return [output.transpose(1, 2).masked_fill(padding, 0) for output in outputs]

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all layers' outputs."""
        logits: Tensor = self.head(outputs[-1], padding_of(mask))
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes). A sentence has at least one word."""
        return self.logits(self.layer_outputs(vectors, mask), mask)


class EncoderClassifier(LayeredClassifier):
    """The classifier of one architecture.

    Weights come from torch's global generator. Raises UserError for sizes that no network has.
    """

    def __init__(self, encoder: EncoderArchitecture, sizes: ClassifierSizes | None = None) -> None:
        sizes = sizes or ClassifierSizes()
        hidden = encoder.hidden_size
        layers = make_layers(encoder, sizes.dropout)
        super().__init__(Stem(hidden, sizes), layers, Head(hidden, sizes))
        self.encoder = encoder
        self.sizes = sizes
        initialise(self)

    def resized(self, vectors: int, classes: int) -> EncoderClassifier:
        """Return a network of the same encoder and options, with other widths and weights."""
        return EncoderClassifier(
            self.encoder, replace(self.sizes, vectors=vectors, classes=classes)
        )
