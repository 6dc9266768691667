"""Functions and modules of networks over padded sequences.

Sequences are (batch, width, length); `padding` is (batch, 1, length), true at padding.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def padding_of(mask: Tensor) -> Tensor:
    """(batch, 1, length), true where no word stands, of a mask (batch, length) of words."""
    return ~mask.bool()[:, None]


def stem_input(vectors: Tensor, padding: Tensor) -> Tensor:
    """(batch, vectors, length) of word vectors (batch, length, vectors), 0 at padding."""
    return vectors.transpose(1, 2).masked_fill(padding, 0)


def sum_tensors(values: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape."""
    first, *others = values
    if not others:
        return first
    total = first + others[0]
    for value in others[1:]:
        total += value
    return total


def mean_tensors(values: Sequence[Tensor]) -> Tensor:
    """Return the mean of tensors of one shape."""
    return sum_tensors(values) / len(values) if len(values) > 1 else values[0]


def largest_of_three(values: Tensor) -> Tensor:
    """Return the largest (batch, width, length) of three places; those beyond the ends are none."""
    if torch.compiler.is_exporting():  # torch fixes the length of `max_pool1d`, which is quicker
        pooled = functional.max_pool2d(values[:, :, None], (1, 3), stride=1, padding=(0, 1))
        return pooled.squeeze(2)
    return functional.max_pool1d(values, 3, stride=1, padding=1)


class MaskedNorm(nn.BatchNorm1d):
    """Batch norm of words. `strict`: padding does not count in the statistics; else it counts as 0,
    as in the release."""

    def __init__(self, width: int, *, strict: bool) -> None:
        super().__init__(width, eps=1e-5, momentum=0.1)
        self.strict = strict
        self.by_batch = False
        """Whether the statistics are always those of the batch, in evaluation too."""

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:  # type: ignore[override]
        """(batch, width, length), 0 at padding, to the same."""
        if not (self.strict and self._by_batch()):
            return self._normed(values).masked_fill(padding, 0)
        words = ~padding.squeeze(1)
        rows = values.transpose(1, 2)
        normed = self._normed(rows[words])
        return torch.zeros_like(rows).index_put((words,), normed).transpose(1, 2)

    def _by_batch(self) -> bool:
        """Whether the statistics are those of the batch."""
        return self.training or self.by_batch

    def _normed(self, values: Tensor) -> Tensor:
        means, variances, weight, bias = self.running_mean, self.running_var, self.weight, self.bias
        if not self._by_batch() or values.numel() == self.num_features:
            # torch refuses to take the statistics of a single word: it has no variance
            return functional.batch_norm(values, means, variances, weight, bias, eps=self.eps)
        if self.by_batch:
            return functional.batch_norm(values, None, None, weight, bias, True, 0.0, self.eps)
        return super().forward(values)


def use_batch_statistics(network: nn.Module) -> None:
    """Let all batch norms use the statistics of the batch: for weights that networks share, whose
    running statistics are those of all of them at once."""
    for module in network.modules():
        if isinstance(module, MaskedNorm):
            module.by_batch = True
