"""Supernets whose choices lose their values one after another, for pruning searches (TE-NAS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import nn

from search_spaces.nni_sampling import Sample, SuperNet

Active = dict[str, tuple[Any, ...]]
"""The values that every choice still has, by its label."""
M = TypeVar("M", bound=nn.Module)


class ActiveChoices(SuperNet):
    """Computes with the active values of every choice, all equally weighted.

    What is not active is not computed. The first dimension of all that it computes is that of the
    samples.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.active: Active = self.options

    @property
    def options(self) -> Active:
        """All values of its choices."""
        return {label: tuple(values) for label, values in self.categoricals.items()}

    def activate(self, active: Mapping[str, Sequence[Any]]) -> None:
        """Compute with these values from now on; choices of other modules are ignored."""
        self.active = {label: tuple(active[label]) for label in self.options}

    def resample(self, memo: Sample) -> Sample:
        """Return nothing: nothing is sampled."""
        return {}


@dataclass(frozen=True)
class PrunableSpace:
    """How a space's supernet is pruned."""

    replacements: tuple[type[ActiveChoices], ...]
    """What takes the place of the choices in the model space."""
    make_thin: Callable[[Any], nn.Module]
    """Returns the narrowest model space with the choices of another one."""
    architecture: Callable[[Any, Active], Any]
    """Returns the architecture of a model space's choices with one active value each."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Labels of choices of which `kept` stay in the end, by a name for the group; each of the
    others loses its last value too."""
    kept: int = 2
    per_round: int = 1
    """Values that each choice loses in a round."""
    input_dimensions: int | None = None
    """Dimensions of the random inputs that count linear regions; None for as many as words."""

    def make_prunable(self, model: M) -> M:
        """Replace the choices of a model space in place, and return it."""
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                for kind in self.replacements:
                    made = kind.mutate(child, name, {}, {})
                    if made is not None:
                        setattr(parent, name, made)
        return model


def active_modules(model: nn.Module) -> list[ActiveChoices]:
    """Return the modules of a supernet that have prunable choices."""
    return [module for module in model.modules() if isinstance(module, ActiveChoices)]


def sampled_architecture(choices: Any, active: Active) -> Any:
    """Return the architecture of choices with one active value each."""
    return choices.from_sample({label: value for label, (value,) in active.items()})
