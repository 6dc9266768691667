"""Base classes of NNI model spaces that are made of categorical choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from pkgutil import resolve_name
from typing import Any, ClassVar

import nni
from nni.nas.nn.pytorch import ModelSpace, MutableModule
from torch import Tensor

from search_spaces.choices import Choices


class ChoicesModule(MutableModule):  # type: ignore[misc]
    """Choices of a model space as a module without weights.

    A one-shot strategy puts a subclass in its place, which samples or mixes: see `nni_sampling.py`.

    Args:
        categoricals: The values of each choice by its label.
    """

    def __init__(self, categoricals: Mapping[str, Sequence[Any]]) -> None:
        super().__init__()
        self.categoricals = {label: list(values) for label, values in categoricals.items()}
        for label, values in self.categoricals.items():
            self.add_mutable(nni.choice(label, values))

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Arguments of its constructor, for the subclass that takes its place."""
        return ()


# Only the classes that are instantiated get NNI's wrapper of the constructor: one each.
class NNIModelSpace(ModelSpace, disable_init_wrapper=True):  # type: ignore[misc, call-arg]
    """Base class of NNI model spaces.

    Args:
        choices: The choices of the space.
    """

    architecture_field: ClassVar[str]
    """The attribute of a frozen network that holds its architecture."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.choices = choices

    @classmethod
    def arguments(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return all arguments of the constructor by name, defaults included."""
        bound = signature(cls._init_wrapped).bind(None, *args, **options)
        bound.apply_defaults()
        return {name: bound.arguments[name] for name in [*bound.arguments][1:]}

    def add_choices(self) -> None:
        """Register the choices as mutables of the space itself."""
        for label, values in self.choices.categoricals.items():
            self.add_mutable(nni.choice(label, values))

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """Return the sample of an architecture. Raises ArchitectureError."""
        return self.choices.to_sample(architecture)

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """Return the architecture of a sample. Raises ArchitectureError."""
        return self.choices.from_sample(sample)

    def export(self, found: Any) -> Any:
        """Return the architecture of what a search returns: a sample or a frozen network."""
        is_sample = isinstance(found, Mapping)
        return self.from_sample(found) if is_sample else getattr(found, self.architecture_field)


class ChoicesModelSpace(NNIModelSpace):
    """A model space of any choices, without networks; a frozen one is an architecture."""

    def __init__(self, choices: Choices) -> None:
        super().__init__(choices)
        self.add_choices()

    def freeze(self, sample: Mapping[str, Any]) -> Any:
        """Return the architecture of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return self.from_sample(sample)


class SentenceModelSpace(NNIModelSpace, disable_init_wrapper=True):  # type: ignore[call-arg]
    """Base class of model spaces whose networks classify sentences.

    Its forward is that of a one-shot strategy, and takes what the frozen networks take.
    """

    supernet_function: ClassVar[str]
    """`module:function` that returns, for a one-shot strategy, the class that replaces the
    choices. It raises UserError for a strategy that does not search the space."""

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """Return NNI's hooks that replace the choices. Raises UserError."""
        return [resolve_name(self.supernet_function)(strategy).mutate]

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """Return each layer's output, as `SentenceNetwork.layer_outputs` does.

        It is that of what the one-shot strategy has sampled or mixes.
        """
        raise NotImplementedError

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Return logits (batch, classes) of all layers' outputs."""
        raise NotImplementedError

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return logits (batch, classes) of vectors (batch, length, vectors), mask (batch,
        length)."""
        return self.logits(self.layer_outputs(vectors, mask), mask)
