"""Networks of sentence classifiers by name and sizes, from which they can be built again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from torch import nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.classification.baselines import BASELINES
from search_spaces.registry import SPACES, get_space
from search_spaces.sentence_space import SentenceSpace

BASELINE = "baseline"
"""In place of a space: the architecture is the name of a baseline."""


def sentence_space(name: str) -> Any:
    """Return a space of sentence classifiers by name. Raises UserError for another space."""
    space = get_space(name)
    if not isinstance(space, SentenceSpace):
        known = ", ".join(each for each in SPACES if classifies(each))
        raise UserError(f"networks of {name} do not classify sentences, those of {known} do")
    return space


def classifies(space: str) -> bool:
    """Return whether a space has sentence classifiers."""
    return isinstance(get_space(space), SentenceSpace)


@dataclass(frozen=True)
class NetworkSpec:
    """An architecture with the sizes and options of its network. Calling it builds the network."""

    space: str
    """Name of a space of sentence classifiers, or `baseline`."""
    architecture: Any
    """An architecture of the space, or the name of a baseline."""
    vectors: int
    """Width of the word vectors."""
    classes: int
    options: Mapping[str, Any]
    """Options of the space's `classifier`, or of the baseline."""

    def __call__(self) -> nn.Module:
        """Return the network, with weights drawn from torch's global generator."""
        sizes = {"vectors": self.vectors, "classes": self.classes, **self.options}
        if self.space == BASELINE:
            return BASELINES[self.architecture](**sizes)
        network: nn.Module = sentence_space(self.space).classifier(self.architecture, **sizes)
        return network

    @property
    def identity(self) -> str:
        """Text that is equal exactly for equal networks."""
        sizes = {"vectors": self.vectors, "classes": self.classes, **self.options}
        shown = ", ".join(f"{name}={value}" for name, value in sorted(sizes.items()))
        key = getattr(self.architecture, "canonical_key", self.architecture)
        return f"{self.space} {key} {shown}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        found = self.architecture
        return {
            "space": self.space,
            "architecture": found if self.space == BASELINE else found.to_json(),
            "vectors": self.vectors,
            "classes": self.classes,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described.

        Raises:
            UserError: The space is unknown, or its architecture is invalid.
            KeyError, TypeError: A value is missing or of another type.
        """
        space, architecture = str(values["space"]), values["architecture"]
        if space == BASELINE and architecture not in BASELINES:
            raise UserError(f"unknown baseline {architecture!r}; known: {', '.join(BASELINES)}")
        if space != BASELINE:
            architecture = sentence_space(space).parse(architecture)
        sizes = int(values["vectors"]), int(values["classes"])
        return cls(space, architecture, *sizes, dict(values["options"]))
