"""Window lengths and regularization terms of language model training."""

from __future__ import annotations

import torch
from torch import Tensor

from nni_nlp_bench.training.language_model import Outputs
from nni_nlp_bench.training.settings import Settings


def draw_length(bptt: int, generator: torch.Generator) -> int:
    """Draw the length of the next window: N(bptt, 5), or N(bptt / 2, 5) with probability 0.05.

    At least 5.
    """
    full = torch.rand((), generator=generator).item() < 0.95
    mean = bptt if full else bptt / 2
    return max(5, int(mean + 5 * torch.randn((), generator=generator).item()))


def penalties(outputs: Outputs, settings: Settings) -> Tensor:
    """Return the activation regularization (AR) and its temporal variant (TAR)."""
    total = settings.activation_penalty * outputs.dropped.pow(2).mean()
    changes = outputs.raw[1:] - outputs.raw[:-1]
    if len(changes):
        total = total + settings.slowness_penalty * changes.pow(2).mean()
    return total
