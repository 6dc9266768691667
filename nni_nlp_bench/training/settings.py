"""Sizes, regularisation and schedule of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from nni_nlp_bench.core.errors import UserError

WeightDrop = Literal["release", "trained"]
"""`release`: the recurrent matrices stay as drawn and are only masked anew in every step, as the
released code of NAS-Bench-NLP does; `trained`: gradients reach them, as its paper describes."""


def check_counts(values: object, *names: str) -> None:
    """Raises UserError for a value below 1."""
    for name in names:
        if getattr(values, name) < 1:
            raise UserError(f"{name} must be at least 1, got {getattr(values, name)}")


def check_above_zero(values: object, *names: str) -> None:
    """Raises UserError for a value that is not above 0."""
    for name in names:
        if not getattr(values, name) > 0:
            raise UserError(f"{name} must be above 0, got {getattr(values, name)}")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and depth of the language model."""

    embedding: int = 400
    hidden: int = 600
    """Of all layers but the last, which is as wide as the embedding."""
    layers: int = 3

    def __post_init__(self) -> None:
        check_counts(self, "embedding", "hidden", "layers")

    def of_layers(self) -> list[tuple[int, int]]:
        """Input and hidden width of each layer."""
        widths = [self.embedding, *[self.hidden] * (self.layers - 1), self.embedding]
        return list(pairwise(widths))


@dataclass(frozen=True, slots=True)
class Dropouts:
    """Probabilities; those of the release on PTB."""

    output: float = 0.4
    hidden: float = 0.25
    """Between layers."""
    input: float = 0.4
    embedding: float = 0.1
    """Of whole words."""
    weight: float = 0.5
    """Of the matrices whose input is not `x`."""

    def __post_init__(self) -> None:
        for name in ("output", "hidden", "input", "embedding", "weight"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"dropout of {name} must be in [0, 1), got {getattr(self, name)}")


DROPOUTS = {
    "ptb": Dropouts(),
    "wikitext-2": Dropouts(output=0.1, embedding=0.0, weight=0.1),
    "none": Dropouts(output=0.0, hidden=0.0, input=0.0, embedding=0.0, weight=0.0),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole training. The defaults are the release's protocol on PTB."""

    epochs: int = 50
    sizes: Sizes = field(default_factory=Sizes)
    dropouts: Dropouts = field(default_factory=Dropouts)
    weight_drop: WeightDrop = "release"
    batch_size: int = 20
    eval_batch_size: int = 50
    bptt: int = 70
    """Mean length of a window in steps; of one in twenty windows it is half as long."""
    learning_rate: float = 1e-3
    """Adam's, for a window of `bptt` steps; in proportion for others."""
    weight_decay: float = 1.2e-6
    clip: float = 0.25
    """Largest norm of the gradient."""
    activation_penalty: float = 2.0
    """AR: on the squares of the dropped outputs."""
    slowness_penalty: float = 1.0
    """TAR: on the squares of the changes of the outputs from step to step."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16`: the products in mixed precision."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch_size", "eval_batch_size", "bptt")
        check_above_zero(self, "learning_rate", "clip")
