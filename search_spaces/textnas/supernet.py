"""The edges of all architectures in one network, for NNI's one-shot strategies.

Operations are NNI's own `LayerChoice`. A strategy that samples computes with the sampled edges
only; for one that mixes, all skips of a layer are one weighted sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from search_spaces.nni_sampling import MixedChoices, Sample, SampledChoices
from search_spaces.sequences import sum_tensors
from search_spaces.textnas.mutables import Edges


class SampledEdges(SampledChoices, Edges):
    """The edges of one sampled architecture at a time: for ENAS and RandomOneShot."""

    replaces = Edges

    def source(self, outputs: Sequence[Tensor]) -> Tensor:
        """Return the output (batch, width, length) that the layer reads."""
        return outputs[-1 - int(self.sampled.get(f"input_{self.number}", 0))]

    def count_skips(self) -> int:
        """Return the number of sampled skips."""
        return _count_skips(self.sampled)

    def skipped(self, outputs: Sequence[Tensor]) -> Tensor | None:
        """Return the sum (batch, width, length) of the layer's skips; None without any."""
        chosen = [o for j, o in enumerate(outputs) if self.sampled[f"skip_{self.number}_{j}"]]
        return sum_tensors(chosen) if chosen else None


class MixedEdges(MixedChoices, Edges):
    """All edges at once, each weighted: for DARTS."""

    replaces = Edges

    def source(self, outputs: Sequence[Tensor]) -> Tensor:
        """Return the weighted sum (batch, width, length) of the outputs that the layer may read."""
        label = f"input_{self.number}"
        if label not in self.alphas:
            return outputs[-1]
        weights = self.weights([label])[0]
        return torch.einsum(
            "d,d...->...", weights, torch.stack([*outputs[: -1 - len(weights) : -1]])
        )

    def count_skips(self) -> int:
        """Return the number of skips: a mixture has all of them."""
        return self.number

    def skipped(self, outputs: Sequence[Tensor]) -> Tensor | None:
        """Return the weighted sum (batch, width, length) of earlier outputs; None without any."""
        if not outputs:
            return None
        labels = [f"skip_{self.number}_{j}" for j in range(len(outputs))]
        return torch.einsum("s,s...->...", self.weights(labels)[:, 1], torch.stack([*outputs]))

    def weights(self, labels: Sequence[str]) -> Tensor:
        """(labels, values) of choices with equally many values."""
        weights: Tensor = self.softmax(torch.stack([self.alphas[label] for label in labels]))
        return weights


class GatedEdges(SampledChoices, MixedEdges):
    """The edges of one sampled architecture, whose weights learn as those of a mixture: Proxyless.

    Its gradient of a weight is that of the mixture at the sampled outputs, as NNI computes it for
    its own choices.
    """

    def draw(self, label: str) -> Any:
        """Return a value of a choice, drawn by its weight."""
        drawn = torch.multinomial(self.softmax(self.alphas[label]), 1)
        return self.categoricals[label][int(drawn)]

    def export(self, memo: Sample) -> Sample:
        """Return a new sample, as NNI's own choices do."""
        return self.resample(memo)

    def count_skips(self) -> int:
        """Return the number of sampled skips."""
        return _count_skips(self.sampled)

    def weights(self, labels: Sequence[str]) -> Tensor:
        """(labels, values): 1 at the sampled value, with the gradient of the mixture's weight."""
        soft = super().weights(labels)
        hard = torch.zeros_like(soft)
        for row, label in enumerate(labels):
            hard[row, self.categoricals[label].index(self.sampled[label])] = 1
        return hard + (soft - soft.detach())


def _count_skips(sample: Sample) -> int:
    return sum(int(value) for label, value in sample.items() if label.startswith("skip_"))


def supernet_class(strategy: Any) -> type[SampledEdges | MixedEdges]:
    """Return the class that replaces `Edges` for a one-shot strategy."""
    from nni.nas.strategy import DARTS, Proxyless

    if isinstance(strategy, Proxyless):
        return GatedEdges
    return MixedEdges if isinstance(strategy, DARTS) else SampledEdges
