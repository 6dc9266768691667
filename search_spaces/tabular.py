"""A space restricted to the architectures that a table holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import EncodingKind, SearchSpace
from search_spaces.choices import MappedChoices
from search_spaces.wrapper import WrapperSpace


class TabularSpace(WrapperSpace):
    """The architectures of a table that belong to `space`.

    Samples, mutations and neighbours are architectures of the table; the other methods are those
    of `space`.

    Distance between architectures is Euclidean between their `counts` encodings, every column
    divided by its standard deviation over the table. Two architectures are neighbours if one is
    among the `nearest` of the other: so each can be reached, the outliers too.

    Args:
        space: The space of the architectures.
        architectures: All architectures of the table.
        nearest: Number of nearest architectures that are neighbours.

    Raises:
        UserError: The table holds fewer than two architectures.
    """

    def __init__(
        self, space: SearchSpace[Any], architectures: Sequence[Any], nearest: int = 20
    ) -> None:
        if len(architectures) < 2:
            raise UserError("a search restricted to a table needs at least two architectures in it")
        super().__init__(space)
        self.architectures = tuple(architectures)
        self.nearest_count = min(nearest, len(architectures) - 1)
        self._index = {a.canonical_key: i for i, a in enumerate(self.architectures)}

    @property
    def table(self) -> tuple[Any, ...]:
        """The architectures of the table."""
        return self.architectures

    def sample(self, rng: np.random.Generator) -> Any:
        """Return one of the architectures, all equally likely."""
        return self.architectures[int(rng.integers(len(self.architectures)))]

    def mutate(self, architecture: Any, rng: np.random.Generator) -> Any:
        """Return one of the neighbours, all equally likely."""
        near = self.neighbours(architecture)
        return near[int(rng.integers(len(near)))]

    def neighbours(self, architecture: Any) -> list[Any]:
        """Return the neighbours in the table, nearest first, never itself."""
        held = self._index.get(architecture.canonical_key)
        if held is None:
            order = np.argsort(self._distances(self._point(architecture)), kind="stable")
            near = order[: self.nearest_count]
        else:
            near = self._neighbourhoods[held]
        return [self.architectures[i] for i in near]

    def nearest(
        self,
        architecture: Any,
        among: Sequence[Any] | None = None,
        rng: np.random.Generator | None = None,
    ) -> Any:
        """Return the architecture itself if it is one of those, else the nearest one.

        Args:
            architecture: Any architecture of the space.
            among: Some architectures of the table, at least one; None for all.
            rng: Selects among equally near ones; None for the first of them.
        """
        held = self._index.get(architecture.canonical_key)
        if among is None:
            positions = np.arange(len(self.architectures))
        else:
            positions = np.array([self._index[a.canonical_key] for a in among])
        if held is None or held not in positions:
            distances = self._distances(self._point(architecture), positions)
            held = int(positions[_argmin(distances, rng)])
        return self.architectures[held]

    def encode(self, architecture: Any, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Return the features of an architecture; `counts` of the table are computed once."""
        held = self._index.get(architecture.canonical_key)
        if kind == "counts" and held is not None:
            return np.array(self._encodings[held])
        return self.space.encode(architecture, kind)

    def features(self, architectures: Sequence[Any]) -> NDArray[np.float64]:
        """Return the features of architectures; those of the table are computed once, together."""
        keys = [architecture.canonical_key for architecture in architectures]
        if not all(key in self._index for key in keys):
            return self.space.features(architectures)
        return np.asarray(self._features[[self._index[key] for key in keys]])

    def choices(self, **options: Any) -> MappedChoices:
        """Return the choices of the whole space; a sample gives the nearest architecture."""
        return MappedChoices(self.space.choices(**options), self.nearest)

    @cached_property
    def _neighbourhoods(self) -> list[NDArray[np.intp]]:
        """For each architecture the positions of its neighbours, nearest first."""
        from sklearn.neighbors import NearestNeighbors

        search = NearestNeighbors(n_neighbors=self.nearest_count, algorithm="brute")
        graph = search.fit(self._scaled).kneighbors_graph()  # an architecture is not its own
        both = graph.maximum(graph.T).tocsr()
        both.sort_indices()
        rows = np.split(both.indices, both.indptr[1:-1])
        return [
            near[np.argsort(self._distances(self._scaled[i], near), kind="stable")]
            for i, near in enumerate(rows)
        ]

    @cached_property
    def _scale(self) -> NDArray[np.float64]:
        deviation = self._encodings.std(axis=0)
        return np.where(deviation > 0, deviation, 1.0)

    @cached_property
    def _encodings(self) -> NDArray[np.float64]:
        return np.stack([self.space.encode(a, "counts") for a in self.architectures])

    @cached_property
    def _features(self) -> NDArray[np.float64]:
        return self.space.features(self.architectures)

    @cached_property
    def _scaled(self) -> NDArray[np.float64]:
        return self._encodings / self._scale

    def _point(self, architecture: Any) -> NDArray[np.float64]:
        return np.asarray(self.space.encode(architecture, "counts") / self._scale)

    def _distances(
        self, point: NDArray[np.float64], among: NDArray[np.intp] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """Squared distances from a scaled point to some of the architectures, or to all."""
        return np.asarray(np.square(self._scaled[among] - point).sum(axis=1))


def _argmin(distances: NDArray[np.float64], rng: np.random.Generator | None) -> int:
    """Return the position of the smallest distance, a random one of several with a generator."""
    if rng is None:
        return int(np.argmin(distances))
    ties = np.flatnonzero(np.isclose(distances, distances.min(), rtol=1e-9, atol=0))
    return int(rng.choice(ties))
