"""Functions of tensors, the form in which trained models are exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

BATCH, LENGTH = "batch", "length"
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Graph:
    """A network whose inputs and outputs are tensors."""

    module: nn.Module
    """Takes the inputs in their order, and returns one tensor or a tuple."""
    inputs: Mapping[str, tuple[str, ...]]
    """Names of the leading axes of each input whose sizes are free."""
    outputs: tuple[str, ...]
    draw: Callable[[int, int, torch.Generator], Tensors]
    """Random inputs for a batch size and a length."""
    reference: Callable[..., Tensors]
    """What the model itself returns for the inputs."""
    max_length: int | None = None
    """Largest length; None for any."""


def random_ids(words: int, batch: int, length: int, random: torch.Generator) -> Tensor:
    """Return word ids (batch, length); all rows but the first end with padding, which is 0."""
    ids = torch.randint(1, words, (batch, length), generator=random)
    lengths = torch.randint(1, length + 1, (batch, 1), generator=random)
    lengths[0] = length
    return ids.masked_fill(torch.arange(length) >= lengths, 0)
