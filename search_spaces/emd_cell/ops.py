"""The operations of an edge, as torch modules.

Sequences are (batch, width, length); `padding` is (batch, 1, length), true where no word stands.
What an operation reads and gives is 0 there, so that the content of padding reaches nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell.architecture import OPS
from search_spaces.sequences import MaskedNorm, largest_of_three

POOL = 3
"""Width of a pool's window."""


class Separable(nn.Module):
    """ReLU, a convolution of each channel, one of all channels at each word, batch norm."""

    def __init__(self, width: int, kernel: int, dilation: int, *, strict: bool) -> None:
        super().__init__()
        self.dilation, self.reach = dilation, dilation * (kernel // 2)
        self.depthwise = nn.Conv1d(
            width, width, kernel, padding=self.reach, dilation=dilation, groups=width, bias=False
        )
        self.pointwise = nn.Conv1d(width, width, 1, bias=False)
        self.norm = MaskedNorm(width, strict=strict)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        rectified = functional.relu(values)
        each = self.depthwise(rectified) if self.dilation == 1 else self._dilated(rectified)
        convolved = self.pointwise(each)
        normed: Tensor = self.norm(convolved.masked_fill_(padding, 0), padding)
        return normed

    def _dilated(self, values: Tensor) -> Tensor:
        """What `depthwise` gives, place by place: torch's own dilated convolution of single
        channels takes two to five times as long on a CPU."""
        wide = functional.pad(values, (self.reach, self.reach))
        places = self.depthwise.weight.unbind(-1)
        starts = range(0, len(places) * self.dilation, self.dilation)
        parts = [wide[..., start : start + values.shape[-1]] for start in starts]
        total = parts[0] * places[0]
        for part, weight in zip(parts[1:], places[1:], strict=True):
            total.addcmul_(part, weight)
        return total


class TwiceSeparable(nn.Module):
    """Two separable convolutions, one after the other."""

    def __init__(self, width: int, kernel: int, *, strict: bool) -> None:
        super().__init__()
        self.first, self.second = (Separable(width, kernel, 1, strict=strict) for _ in range(2))

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        convolved: Tensor = self.second(self.first(values, padding), padding)
        return convolved


def mean_words(values: Tensor, padding: Tensor) -> Tensor:
    """Means (batch, width, length) of the words among three places."""
    words = functional.avg_pool1d((~padding).to(values), POOL, stride=1, padding=1)
    means = functional.avg_pool1d(values, POOL, stride=1, padding=1)
    # Far from all words there is nothing to divide by.
    return torch.where(padding, 0.0, means / words.clamp(min=1 / POOL))


def largest_words(values: Tensor, padding: Tensor) -> Tensor:
    """Return the largest (batch, width, length) of the words among three places."""
    # `where` keeps the order of the values in memory, `masked_fill` does not.
    words = torch.where(padding, -torch.inf, values)
    return torch.where(padding, 0.0, largest_of_three(words))


class AveragePool(nn.Module):
    """`mean_words`, batch norm."""

    def __init__(self, width: int, *, strict: bool) -> None:
        super().__init__()
        self.norm = MaskedNorm(width, strict=strict)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        normed: Tensor = self.norm(mean_words(values, padding), padding)
        return normed


class MaxPool(nn.Module):
    """`largest_words`, batch norm."""

    def __init__(self, width: int, *, strict: bool) -> None:
        super().__init__()
        self.norm = MaskedNorm(width, strict=strict)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        normed: Tensor = self.norm(largest_words(values, padding), padding)
        return normed


class Skip(nn.Module):
    """Identity."""

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        return values


class DropPath(nn.Module):
    """Drop path: in training sets a sentence to 0 with the given rate, and rescales the others."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        if not self.training or not self.rate:
            return values
        kept = 1 - self.rate
        return values * values.new_empty(len(values), 1, 1).bernoulli_(kept).div_(kept)


def make_op(name: str, width: int, *, strict: bool) -> nn.Module:
    """Return the operation of that name, from (batch, width, length) to the same."""
    kind, _, kernel = name.partition("_")
    if name not in OPS:
        raise UserError(f"unknown operation {name!r}; known: {', '.join(OPS)}")
    if kind == "stdconv":
        return TwiceSeparable(width, int(kernel), strict=strict)
    if kind == "dilconv":
        return Separable(width, int(kernel), 2, strict=strict)
    if kind == "avg":
        return AveragePool(width, strict=strict)
    return MaxPool(width, strict=strict) if kind == "max" else Skip()
