"""The protocol that every architecture and every space fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    import torch

EncodingKind = Literal["flat", "graph", "counts"]
Description = dict[str, int | float | str]


class Architecture(Protocol):
    """One point of a space: immutable, hashable, equal exactly when it is the same network."""

    @property
    def canonical_key(self) -> str:
        """Identity: 32 hex digits, equal exactly for equal architectures."""

    def to_json(self) -> str:
        """Text that the space's `parse` reads back."""

    def __hash__(self) -> int: ...


A = TypeVar("A", bound=Architecture)


class Choices(Protocol):
    """A space as categorical choices, for samplers that know nothing of architectures."""

    @property
    def categoricals(self) -> Mapping[str, Sequence[Any]]:
        """Label -> values, all of them plain numbers and words."""

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """The sample that stands for an architecture. Raises ArchitectureError."""

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """The architecture of a sample. Raises ArchitectureError."""


class SearchSpace(Protocol[A]):
    """The doors of a space: the same for every host, strategy and command."""

    @property
    def name(self) -> str:
        """The registered name."""

    def published_names(self) -> Sequence[str]:
        """Names of the architectures that the space's publication lists."""

    def parse(self, text: str) -> A:
        """An architecture from its JSON text or its published name. Raises ArchitectureError."""

    def sample(self, rng: np.random.Generator) -> A:
        """A random valid architecture."""

    def mutate(self, architecture: A, rng: np.random.Generator) -> A:
        """A valid architecture one edit away, never the same one."""

    def neighbours(self, architecture: A) -> list[A]:
        """All valid architectures one edit away: no duplicates, never itself."""

    def encode(self, architecture: A, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Features: `flat` and `counts` are vectors of fixed length, `graph` is nodes x columns."""

    def op_counts(self, architecture: A) -> dict[str, int]:
        """How often each operation of the space occurs."""

    def describe(self, architecture: A) -> Description:
        """Plain numbers and words for tables and plot axes: sizes, operations, `parameters`."""

    def network(self, architecture: A, size: Mapping[str, int]) -> torch.nn.Module:
        """The torch module that the architecture describes."""

    def choices(self, **options: Any) -> Choices:
        """The space as a flat dictionary of categorical choices."""

    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace, with `to_sample(architecture)` and `from_sample(sample)`."""

    def draw(self, architecture: A, path: Path) -> None:
        """A picture; the suffix of `path` (png, svg, pdf) is its format."""


@runtime_checkable
class SizedSpace(Protocol):
    """The door of a space that can tell an architecture's parameters at sizes of yours."""

    def parameters(self, architecture: Any, size: Mapping[str, int]) -> int:
        """The parameters at these sizes, the space's own where none is given.

        Raises ArchitectureError for a size that the space does not know.
        """


@runtime_checkable
class SentenceSpace(Protocol):
    """The doors of a space whose networks classify sentences.

    Its `model_space` takes `vectors` and `classes` too, and what it makes has `layer_outputs`,
    `current()` and `choices`.
    """

    @property
    def classifier_options(self) -> tuple[str, ...]:
        """Names of what `classifier` takes beside the widths of the data."""

    def classifier(
        self, architecture: Any, *, vectors: int, classes: int, **options: Any
    ) -> SentenceNetwork:
        """The network of an architecture for word vectors and labels of these numbers.

        Weights come from torch's global generator. Raises UserError.
        """

    def release_formats(self, architecture: Any) -> dict[str, str]:
        """Texts in which releases write the architecture, by what they are called."""


class SentenceNetwork(Protocol):
    """From word vectors (batch, length, vectors) and a mask (batch, length) of words to logits."""

    def layer_outputs(self, vectors: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Each layer's output (batch, width, length), 0 at padding."""

    def logits(self, outputs: list[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of all layers' outputs."""

    def resized(self, vectors: int, classes: int) -> SentenceNetwork:
        """One of the same architecture and options for these numbers, with weights of its own."""

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The same in one step."""


SPACES: Registry[type[SearchSpace[Any]]] = Registry(
    "search space",
    "nni_nlp_bench.spaces",
    {
        "emd_cell": "search_spaces.emd_cell.space:EmdCellSpace",
        "encoder": "search_spaces.encoder.space:EncoderSpace",
        "enas_cell": "search_spaces.enas_cell.space:EnasCellSpace",
        "rnn_cell": "search_spaces.rnn_cell.space:RnnCellSpace",
        "textnas": "search_spaces.textnas.space:TextNasSpace",
    },
)


def get_space(name: str) -> SearchSpace[Any]:
    """The space of that name. Raises UnknownNameError."""
    return SPACES.get(name)()
