"""Interface of every search space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    Protocol,
    TypeVar,
    runtime_checkable,
)

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from nni_nlp_bench.core.extras import optional_imports
from search_spaces.choices import Choices
from search_spaces.values import BaseArchitecture

if TYPE_CHECKING:
    import torch
    from ConfigSpace import ConfigurationSpace

EncodingKind = Literal["flat", "graph", "counts"]
Description = dict[str, int | float | str]

_CHOICES_MODEL_SPACE = "search_spaces.nni_model_space:ChoicesModelSpace"
_SHOWN_CHARACTERS = 60


class UnsupportedError(UserError):
    """A space does not have an optional method."""


class Architecture(Protocol):
    """What benchmarks and strategies need of an architecture: see `BaseArchitecture`."""

    @property
    def canonical_key(self) -> str:
        """Identity: 32 hex digits, equal exactly for equal architectures."""

    def to_json(self) -> str:
        """Return text that the space's `parse` reads back."""

    def __hash__(self) -> int: ...


A = TypeVar("A", bound=Architecture)


class SearchSpace(ABC, Generic[A]):
    """Interface of every search space.

    A subclass gives `name`, `architecture_class` and `choices`. Everything else has a default that
    derives from the choices; pictures and networks are optional. `docs/own_space.md` has a complete
    example.
    """

    name: ClassVar[str]
    """The registered name."""
    architecture_class: ClassVar[type[BaseArchitecture]]
    error: ClassVar[type[ArchitectureError]] = ArchitectureError
    """The exception of `parse` for an unknown text."""
    noun: ClassVar[str] = "architecture"
    """Name of an architecture in that message."""
    known_texts: ClassVar[str] = "an architecture's JSON"
    """List of the texts that `parse` reads, for that message."""
    op_set: Sequence[str] = ()
    """All operations of the space."""
    model_space_class: ClassVar[str | None] = None
    """`module:class` of the NNI ModelSpace; by default one that is made of the choices."""
    draw_function: ClassVar[str | None] = None
    """`module:function` that draws an architecture to a path; None if the space draws none."""

    @property
    def table(self) -> Sequence[A] | None:
        """All architectures that a search may propose, if it is restricted to a table."""
        return None

    @property
    def unwrapped(self) -> SearchSpace[A]:
        """The space itself, or the innermost one if it wraps another."""
        return self

    def restricted_to(self, architecture: A) -> SearchSpace[A]:
        """Return the part of the space whose architectures do the same task as one of them.

        A benchmark of that task searches it. By default all of the space.
        """
        return self

    def published_names(self) -> Sequence[str]:
        """Return the names of published architectures, which `parse` reads."""
        return ()

    def load_published(self, name: str) -> A:
        """Return the architecture of a published name."""
        raise UnsupportedError(f"space {self.name} has no published architectures")

    def parse_release_format(self, text: str) -> A | None:
        """Return the architecture of a text in a format of a release; None for any other text.

        Raises:
            ArchitectureError: The text is in such a format but is no architecture.
        """
        return None

    def parse(self, text: str) -> A:
        """Return the architecture of a text.

        Args:
            text: A published name, JSON, or a format of a release.

        Raises:
            ArchitectureError: The text is no architecture; the message is one line.
        """
        text = text.strip()
        if (found := self.parse_release_format(text)) is not None:
            return found
        if text.startswith("{"):
            return self.architecture_class.from_json(text)  # type: ignore[return-value]
        if text in self.published_names():
            return self.load_published(text)
        unknown = f"unknown {self.noun} {text[:_SHOWN_CHARACTERS]!r} of space {self.name}"
        raise self.error(f"{unknown}; known: {self.known_texts}")

    @abstractmethod
    def choices(self, **options: Any) -> Choices:
        """Return the space as categorical choices.

        Args:
            **options: Options of the space's choices, such as its number of layers.
        """

    def sample(self, rng: np.random.Generator) -> A:
        """Return a random valid architecture.

        By default every choice is uniform; override it if some samples are not valid.
        """
        choices = self.choices()
        sample = {
            label: values[int(rng.integers(len(values)))]
            for label, values in choices.categoricals.items()
        }
        architecture: A = choices.from_sample(sample)
        return architecture

    def mutate(self, architecture: A, rng: np.random.Generator) -> A:
        """Return a valid architecture one edit away, never the same one.

        By default one of the neighbours, all equally likely.

        Raises:
            ArchitectureError: The architecture has no neighbours.
        """
        neighbours = self.neighbours(architecture)
        if not neighbours:
            raise self.error("the architecture is the only one of its space: nothing to mutate")
        return neighbours[int(rng.integers(len(neighbours)))]

    def neighbours(self, architecture: A) -> list[A]:
        """Return all valid architectures one edit away: no duplicates, never itself.

        By default an edit gives one choice another value; what is not valid is left out.
        """
        found = {other.canonical_key: other for other in self._edit_choices(architecture)}
        found.pop(architecture.canonical_key, None)
        return list(found.values())

    def nearest(
        self,
        architecture: A,
        among: Sequence[A] | None = None,
        rng: np.random.Generator | None = None,
    ) -> A:
        """Return the nearest architecture of the table, or of some of the table.

        Raises:
            UnsupportedError: The space is not restricted to a table.
        """
        raise UnsupportedError(f"space {self.name} is not restricted to a table")

    def _edit_choices(self, architecture: A) -> Iterator[A]:
        choices = self.choices()
        sample = choices.to_sample(architecture)
        for label, values in choices.categoricals.items():
            for value in values:
                try:
                    yield choices.from_sample({**sample, label: value})
                except ArchitectureError:
                    continue

    def encode(self, architecture: A, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Return the features of an architecture, equal for equal architectures.

        Args:
            architecture: An architecture of the space.
            kind: `flat` and `counts` are vectors of fixed length, `graph` is (nodes, columns). By
                default nodes are the choices, one-hot; `counts` are those of `op_counts`.
        """
        if kind == "counts" and self.op_set:
            return np.array([*self.op_counts(architecture).values()], dtype=np.float64)
        choices = self.choices()
        sample = choices.to_sample(architecture)
        rows = [
            [value == sample[label] for value in values]
            for label, values in choices.categoricals.items()
        ]
        if kind == "graph":
            width = max(map(len, rows))
            return np.array([[*row, *[0] * (width - len(row))] for row in rows], dtype=np.float64)
        return np.concatenate(rows).astype(np.float64)

    def features(self, architectures: Sequence[A]) -> NDArray[np.float64]:
        """Return the features (architectures, features) that models of results should use.

        They are finite, and equal for equal architectures. By default the `flat` encodings.
        """
        return np.array([self.encode(architecture) for architecture in architectures])

    def operations(self, architecture: A) -> Iterable[str]:
        """Return the operations of an architecture, each as often as it occurs.

        By default the values of its choices that are in `op_set`.
        """
        sample = self.choices().to_sample(architecture)
        return [value for value in sample.values() if value in self.op_set]

    def op_counts(self, architecture: A) -> dict[str, int]:
        """Return how often each operation of `op_set` occurs."""
        count = Counter(self.operations(architecture))
        return {op: count[op] for op in self.op_set}

    def describe(self, architecture: A) -> Description:
        """Return plain numbers and strings for tables and plots, such as sizes and `parameters`.

        All architectures of a space have the same keys. By default `op_counts`.
        """
        return dict(self.op_counts(architecture))

    def network(self, architecture: A, size: Mapping[str, int]) -> torch.nn.Module:
        """Return the torch module of an architecture.

        Args:
            architecture: An architecture of the space.
            size: Widths that the architecture leaves open, such as `input_size`.

        Raises:
            UnsupportedError: The space has no networks.
        """
        raise UnsupportedError(f"space {self.name} has no networks")

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """Return the NNI ModelSpace, with `to_sample(architecture)` and `from_sample(sample)`.

        Args:
            **options: Options of the ModelSpace: those of `choices`, and widths if it has networks.
        """
        if self.model_space_class is not None:
            return resolve_name(self.model_space_class)(**options)
        return resolve_name(_CHOICES_MODEL_SPACE)(self.choices(**options))

    @optional_imports()
    def to_configspace(self, *, seed: int | None = None, **options: Any) -> ConfigurationSpace:
        """Return the choices as a `ConfigSpace.ConfigurationSpace` of categoricals.

        Choices that matter only for some values of others are conditional.

        Args:
            seed: Seed of its samples.
            **options: Options of `choices`.

        Raises:
            MissingExtraError: ConfigSpace is not installed.
        """
        from search_spaces.configspace import configuration_space

        return configuration_space(self.choices(**options), seed)

    def from_configuration(self, configuration: Mapping[str, Any], **options: Any) -> A:
        """Return the architecture of a configuration of `to_configspace`, or of such a dict.

        Args:
            configuration: Values of the active choices.
            **options: Options of `choices`.

        Raises:
            ArchitectureError: A choice is missing or has another value.
        """
        from search_spaces.configspace import sample_of

        choices = self.choices(**options)
        architecture: A = choices.from_sample(sample_of(choices, configuration))
        return architecture

    @optional_imports()
    def draw(self, architecture: A, path: Path) -> None:
        """Write a picture of an architecture.

        Args:
            architecture: An architecture of the space.
            path: File to write; its suffix (png, svg, pdf) is its format.

        Raises:
            UnsupportedError: The space draws no pictures.
            UserError: The suffix is another one, or the file cannot be written.
        """
        if self.draw_function is None:
            raise UnsupportedError(f"space {self.name} draws no pictures")
        resolve_name(self.draw_function)(architecture, path)


@runtime_checkable
class SizedSpace(Protocol):
    """Interface of a space that counts the parameters of its networks."""

    def parameters(self, architecture: Any, size: Mapping[str, int]) -> int:
        """Return the number of parameters of a network.

        Args:
            architecture: An architecture of the space.
            size: Widths of the network; the space's defaults for those it lacks.

        Raises:
            ArchitectureError: The space has no such size, or no network has this width.
        """
