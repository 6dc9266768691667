"""Base classes of supernets: modules that NNI's one-shot strategies put in place of choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from nni.nas.oneshot.pytorch.supermodule.base import BaseSuperNetModule
from torch import nn

from search_spaces.nni_model_space import ChoicesModule

Sample = dict[str, Any]


class SuperNet(BaseSuperNetModule):  # type: ignore[misc]
    """Replaces a `ChoicesModule`. A subclass derives from this class, then from that module."""

    replaces: ClassVar[type[ChoicesModule]]
    categoricals: dict[str, list[Any]]

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Sample, options: Sample) -> SuperNet | None:
        """Return the module that replaces another one; None to keep it. A hook of NNI's."""
        return cls.from_choices(module, memo, options) if type(module) is cls.replaces else None

    @classmethod
    def from_choices(cls, module: Any, memo: Sample, options: Sample) -> SuperNet:
        """Return the supernet of a module of choices.

        Args:
            module: An instance of `replaces`.
            memo: NNI's weight of each value by the label of its choice, if the strategy mixes.
            options: Of the strategy, such as its `softmax`.
        """
        return cls(*module.arguments)

    def current_sample(self) -> Sample:
        """Return the value of each choice that the module computes with, or prefers."""
        raise NotImplementedError


class SampledChoices(SuperNet):
    """Computes with one sampled architecture at a time: for ENAS and RandomOneShot."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sampled: Sample = {}

    def draw(self, label: str) -> Any:
        """Return a random value of a choice.

        From torch's generator: NNI's own draws make a generator each, a tenth of a second for the
        24 layers of TextNAS.
        """
        values = self.categoricals[label]
        return values[int(torch.randint(len(values), ()))]

    def resample(self, memo: Sample) -> Sample:
        """Take the strategy's values; draw those that it leaves open. Return all of them."""
        for label in self.categoricals:
            self.sampled[label] = memo[label] if label in memo else self.draw(label)
        return dict(self.sampled)

    def export(self, memo: Sample) -> Sample:
        """Return the last sample, without what the strategy has decided already."""
        return {label: value for label, value in self.sampled.items() if label not in memo}

    def current_sample(self) -> Sample:
        return self.sampled


class MixedChoices(SuperNet):
    """Computes with all values at once, each weighted: for DARTS.

    Args:
        *args: Arguments of the module of choices.
        alphas: The weights of the values of each choice, before their softmax, by its label.
        softmax: The strategy's softmax; it may be a random one.
    """

    def __init__(self, *args: Any, alphas: Mapping[str, nn.Parameter], softmax: nn.Module) -> None:
        super().__init__(*args)
        self.alphas = nn.ParameterDict(alphas)
        self.softmax = softmax

    @classmethod
    def from_choices(cls, module: Any, memo: Sample, options: Sample) -> SuperNet:
        alphas = {label: memo[label] for label in module.categoricals}
        softmax = options.get("softmax", nn.Softmax(-1))
        return cls(*module.arguments, alphas=alphas, softmax=softmax)

    def arch_parameters(self) -> Iterator[nn.Parameter]:
        """Iterate over what the strategy's own optimizer trains."""
        yield from self.alphas.values()

    def resample(self, memo: Sample) -> Sample:
        """Return nothing: a mixture is not sampled."""
        return {}

    def export(self, memo: Sample) -> Sample:
        """Return the values with the largest weights."""
        return {
            label: values[int(self.alphas[label].argmax())]
            for label, values in self.categoricals.items()
            if label not in memo
        }

    def current_sample(self) -> Sample:
        return self.export({})

    def export_probs(self, memo: Sample) -> dict[str, dict[Any, float]]:
        """Return the weight of each value by the label of its choice."""
        return {
            label: dict(zip(values, self.softmax(self.alphas[label]).tolist(), strict=True))
            for label, values in self.categoricals.items()
            if label not in memo
        }
