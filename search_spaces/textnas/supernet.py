"""The wires of all architectures in one network, for NNI's one-shot strategies.

Operations are NNI's own `LayerChoice`. A layer that is left out is never computed with, where a
strategy samples; where it mixes, all skips of a layer are one weighted sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from nni.nas.oneshot.pytorch.supermodule.base import BaseSuperNetModule
from torch import Tensor, nn

from search_spaces.nni_sampling import Memo, export, resample
from search_spaces.sequences import sum_tensors
from search_spaces.textnas.choices import Sample
from search_spaces.textnas.model_space import Wires


class SampledWires(Wires, BaseSuperNetModule):  # type: ignore[misc]
    """The wires of one sampled architecture at a time: for ENAS and RandomOneShot."""

    def __init__(self, number: int, values: Mapping[str, Sequence[Any]]) -> None:
        super().__init__(number, values)
        self.sampled: Sample = {}

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Memo, options: Memo) -> Wires | None:
        """NNI's hook: the supernet in the place of the module of choices."""
        return cls(module.number, module.values) if type(module) is Wires else None

    def resample(self, memo: Memo) -> Memo:
        """Take the sample of the strategy; draw what it leaves open from torch's generator."""
        return resample(self.sampled, self.values, memo)

    def export(self, memo: Memo) -> Memo:
        """The last sample."""
        return export(self.sampled, memo)

    def current(self) -> Sample:
        """The choices that the wires stand for at this moment."""
        return self.sampled

    def source(self, outputs: Sequence[Tensor]) -> Tensor:
        """The output (batch, width, length) that the layer reads."""
        return outputs[-1 - int(self.sampled.get(f"input_{self.number}", 0))]

    def count_skips(self) -> int:
        """How many skips the layer has at this moment."""
        return _count_skips(self.sampled)

    def skipped(self, outputs: Sequence[Tensor]) -> Tensor | None:
        """The sum (batch, width, length) of the layer's skips; None without any."""
        chosen = [o for j, o in enumerate(outputs) if self.sampled[f"skip_{self.number}_{j}"]]
        return sum_tensors(chosen) if chosen else None


class MixedWires(Wires, BaseSuperNetModule):  # type: ignore[misc]
    """All wires at once, each as strong as its weight, learned as `alphas`: for DARTS."""

    def __init__(
        self,
        number: int,
        values: Mapping[str, Sequence[Any]],
        alphas: Mapping[str, nn.Parameter],
        softmax: nn.Module,
    ) -> None:
        super().__init__(number, values)
        self.alphas = nn.ParameterDict(alphas)
        self.softmax = softmax

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Memo, options: Memo) -> Wires | None:
        """NNI's hook: the supernet in the place of the module of choices."""
        if type(module) is not Wires:
            return None
        alphas = {label: memo[label] for label in module.values}
        return cls(module.number, module.values, alphas, options.get("softmax", nn.Softmax(-1)))

    def arch_parameters(self) -> Iterator[nn.Parameter]:
        """What the strategy's own optimizer trains."""
        yield from self.alphas.values()

    def resample(self, memo: Memo) -> Memo:
        """Nothing is sampled."""
        return {}

    def export(self, memo: Memo) -> Memo:
        """The choices with the largest weights."""
        return {
            label: values[int(self.alphas[label].argmax())]
            for label, values in self.values.items()
            if label not in memo
        }

    def current(self) -> Sample:
        """The choices that the wires stand for at this moment."""
        return self.export({})

    def export_probs(self, memo: Memo) -> Memo:
        """Label -> value -> its weight."""
        return {
            label: dict(zip(values, self.softmax(self.alphas[label]).tolist(), strict=True))
            for label, values in self.values.items()
            if label not in memo
        }

    def source(self, outputs: Sequence[Tensor]) -> Tensor:
        """The weighted sum (batch, width, length) of the outputs that the layer may read."""
        label = f"input_{self.number}"
        if label not in self.alphas:
            return outputs[-1]
        weights = self.weights([label])[0]
        return torch.einsum(
            "d,d...->...", weights, torch.stack([*outputs[: -1 - len(weights) : -1]])
        )

    def count_skips(self) -> int:
        """A mixture has all skips."""
        return self.number

    def skipped(self, outputs: Sequence[Tensor]) -> Tensor | None:
        """The weighted sum (batch, width, length) of all earlier outputs; None without any."""
        if not outputs:
            return None
        labels = [f"skip_{self.number}_{j}" for j in range(len(outputs))]
        return torch.einsum("s,s...->...", self.weights(labels)[:, 1], torch.stack([*outputs]))

    def weights(self, labels: Sequence[str]) -> Tensor:
        """(labels, values) of choices with equally many values."""
        weights: Tensor = self.softmax(torch.stack([self.alphas[label] for label in labels]))
        return weights


class GatedWires(MixedWires):
    """The wires of one sampled architecture, whose weights learn as those of a mixture: Proxyless.

    Its gradient of a weight is that of the mixture at the sampled outputs, as NNI computes it for
    its own choices.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sampled: Sample = {}

    def resample(self, memo: Memo) -> Memo:
        """Take the sample of the strategy; draw what it leaves open by its weight."""
        for label, values in self.values.items():
            if label in memo:
                self.sampled[label] = memo[label]
            else:
                drawn = torch.multinomial(self.softmax(self.alphas[label]), 1)
                self.sampled[label] = values[int(drawn)]
        return dict(self.sampled)

    def export(self, memo: Memo) -> Memo:
        """A new sample, as NNI's own choices give."""
        return self.resample(memo)

    def current(self) -> Sample:
        """The choices that the wires stand for at this moment."""
        return self.sampled

    def count_skips(self) -> int:
        """How many skips the layer has at this moment."""
        return _count_skips(self.sampled)

    def weights(self, labels: Sequence[str]) -> Tensor:
        """(labels, values): 1 at the sampled value, with the gradient of the mixture's weight."""
        soft = super().weights(labels)
        hard = torch.zeros_like(soft)
        for row, label in enumerate(labels):
            hard[row, self.values[label].index(self.sampled[label])] = 1
        return hard + (soft - soft.detach())


def _count_skips(sample: Sample) -> int:
    return sum(int(value) for label, value in sample.items() if label.startswith("skip_"))


def supernet_class(strategy: Any) -> type[SampledWires | MixedWires]:
    """What takes the place of `Wires` under a one-shot strategy."""
    from nni.nas.strategy import DARTS, Proxyless

    if isinstance(strategy, Proxyless):
        return GatedWires
    return MixedWires if isinstance(strategy, DARTS) else SampledWires
