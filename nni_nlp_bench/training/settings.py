"""Sizes, regularisation and schedule of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_LAYERS, MAX_SEED, MAX_WIDTH

WeightDrop = Literal["release", "trained"]
"""`release`: recurrent matrices keep their initial values and are only masked in every step, as in
the released code of NAS-Bench-NLP; `trained`: they are trained, as described in its paper."""


def check_counts(values: object, *names: str, most: int = MAX_COUNT) -> None:
    """Raise UserError for a value below 1 or above `most`."""
    for name in names:
        if not 1 <= getattr(values, name) <= most:
            at = "at least 1" if getattr(values, name) < 1 else f"at most {most:,}"
            raise UserError(f"{name} must be {at}, got {getattr(values, name)}")


def check_above_zero(values: object, *names: str) -> None:
    """Raise UserError for a value that is not above 0, or is not finite."""
    for name in names:
        value = getattr(values, name)
        if not (value > 0 and math.isfinite(value)):
            finite = " and finite" if value == math.inf else ""
            raise UserError(f"{name} must be above 0{finite}, got {value}")


def check_not_negative(values: object, *names: str) -> None:
    """Raise UserError for a value that is below 0, or is not finite."""
    for name in names:
        value = getattr(values, name)
        if not (value >= 0 and math.isfinite(value)):
            raise UserError(f"{name} must be 0 or above and finite, got {value}")


def check_seed(seed: int) -> None:
    """Raise UserError for a seed that not every random generator takes."""
    if not 0 <= seed <= MAX_SEED:
        raise UserError(f"a seed must be between 0 and {MAX_SEED:,}, got {seed}")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and depth of the language model."""

    embedding: int = 400
    hidden: int = 600
    """Width of all layers but the last, which has the width of the embedding."""
    layers: int = 3

    def __post_init__(self) -> None:
        check_counts(self, "embedding", "hidden", most=MAX_WIDTH)
        check_counts(self, "layers", most=MAX_LAYERS)

    def of_layers(self) -> list[tuple[int, int]]:
        """Return input and hidden width of each layer."""
        widths = [self.embedding, *[self.hidden] * (self.layers - 1), self.embedding]
        return list(pairwise(widths))


@dataclass(frozen=True, slots=True)
class Dropouts:
    """Dropout probabilities; the defaults are those of the release on PTB."""

    output: float = 0.4
    hidden: float = 0.25
    """Between layers."""
    input: float = 0.4
    embedding: float = 0.1
    """Dropout of whole words."""
    weight: float = 0.5
    """Dropout of the matrices whose input is not `x`."""

    def __post_init__(self) -> None:
        for name in ("output", "hidden", "input", "embedding", "weight"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"dropout of {name} must be in [0, 1), got {getattr(self, name)}")


DROPOUTS = {
    "ptb": Dropouts(),
    "wikitext-2": Dropouts(output=0.1, embedding=0.0, weight=0.1),
    "lts": Dropouts(output=0.0, hidden=0.1, input=0.0, embedding=0.0, weight=0.0),
    "none": Dropouts(output=0.0, hidden=0.0, input=0.0, embedding=0.0, weight=0.0),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a training. The defaults are those of the release on PTB."""

    epochs: int = 50
    sizes: Sizes = field(default_factory=Sizes)
    dropouts: Dropouts = field(default_factory=Dropouts)
    weight_drop: WeightDrop = "release"
    batch_size: int = 20
    eval_batch_size: int = 50
    bptt: int = 70
    """Mean window length in steps; halved for one in twenty windows."""
    learning_rate: float = 1e-3
    """Learning rate of Adam for a window of `bptt` steps, scaled with the window length."""
    weight_decay: float = 1.2e-6
    clip: float = 0.25
    """Maximum norm of the gradient."""
    activation_penalty: float = 2.0
    """Weight of AR: squares of the dropped outputs."""
    slowness_penalty: float = 1.0
    """Weight of TAR: squared differences of the outputs of successive steps."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16` for mixed precision."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch_size", "eval_batch_size", "bptt")
        check_above_zero(self, "learning_rate", "clip")
        check_not_negative(self, "weight_decay", "activation_penalty", "slowness_penalty")
        check_seed(self.seed)
