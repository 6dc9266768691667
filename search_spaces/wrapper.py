"""Base class of spaces that change some methods of another space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.choices import Choices

if TYPE_CHECKING:
    import torch


class WrapperSpace(SearchSpace[Any]):
    """A space that delegates every method to another one. A subclass overrides some of them.

    Optional methods, such as `op_graph`, are those of the other space too. `table` is that of the
    innermost space, whatever the number of wrappers.

    Args:
        space: The space that it wraps.
    """

    def __init__(self, space: SearchSpace[Any]) -> None:
        self.space = space
        self.op_set = space.op_set

    def __getattr__(self, name: str) -> Any:
        # Without `space`, as while it is unpickled, there is nothing to delegate to.
        if name == "space" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.space, name)

    @property
    def unwrapped(self) -> SearchSpace[Any]:
        return self.space.unwrapped

    @property
    def table(self) -> Sequence[Any] | None:
        return self.space.table

    def published_names(self) -> Sequence[str]:
        return self.space.published_names()

    def load_published(self, name: str) -> Any:
        return self.space.load_published(name)

    def parse_release_format(self, text: str) -> Any:
        return self.space.parse_release_format(text)

    def parse(self, text: str) -> Any:
        return self.space.parse(text)

    def choices(self, **options: Any) -> Choices:
        return self.space.choices(**options)

    def sample(self, rng: np.random.Generator) -> Any:
        return self.space.sample(rng)

    def mutate(self, architecture: Any, rng: np.random.Generator) -> Any:
        return self.space.mutate(architecture, rng)

    def neighbours(self, architecture: Any) -> list[Any]:
        return self.space.neighbours(architecture)

    def nearest(
        self,
        architecture: Any,
        among: Sequence[Any] | None = None,
        rng: np.random.Generator | None = None,
    ) -> Any:
        return self.space.nearest(architecture, among, rng)

    def encode(self, architecture: Any, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return self.space.encode(architecture, kind)

    def features(self, architectures: Sequence[Any]) -> NDArray[np.float64]:
        return self.space.features(architectures)

    def operations(self, architecture: Any) -> Iterable[str]:
        return self.space.operations(architecture)

    def op_counts(self, architecture: Any) -> dict[str, int]:
        return self.space.op_counts(architecture)

    def describe(self, architecture: Any) -> Description:
        return self.space.describe(architecture)

    def network(self, architecture: Any, size: Mapping[str, int]) -> torch.nn.Module:
        return self.space.network(architecture, size)

    def model_space(self, **options: Any) -> Any:
        return self.space.model_space(**options)

    def draw(self, architecture: Any, path: Path) -> None:
        self.space.draw(architecture, path)
