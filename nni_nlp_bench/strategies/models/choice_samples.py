"""Architectures as samples of a space's choices, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.base import SearchSpace
from search_spaces.choices import Choices, active_sample

Indices = NDArray[np.int64]
INACTIVE = -1


class ChoiceEncoder:
    """Encodes architectures as the positions of their values, one per choice.

    A choice that the architecture does not need is `INACTIVE`. Choices are in the order of
    `categoricals`.

    Args:
        choices: The choices of a space.
        conditional: Whether there are inactive choices; otherwise they have the value that
            `to_sample` gives them.
    """

    def __init__(self, choices: Choices, conditional: bool = True) -> None:
        self.choices = choices
        self._conditional = conditional
        self.labels = list(choices.categoricals)
        self.values = [list(values) for values in choices.categoricals.values()]
        self.sizes = np.array([len(values) for values in self.values])
        self._positions = [{value: i for i, value in enumerate(of)} for of in self.values]
        self._encoded: dict[str, Indices] = {}

    def encode(self, architecture: Any) -> Indices:
        """Return the positions (choices,). Raises ArchitectureError if the choices lack it."""
        key = architecture.canonical_key
        if key not in self._encoded:
            self._encoded[key] = self._positions_of(architecture)
        return self._encoded[key]

    def _positions_of(self, architecture: Any) -> Indices:
        active = self.choices.to_sample(architecture)
        if self._conditional:
            active = active_sample(self.choices, active)
        return np.array([
            positions[active[label]] if label in active else INACTIVE
            for label, positions in zip(self.labels, self._positions, strict=True)
        ])  # fmt: skip

    def decode(self, row: Indices, choices: Choices | None = None) -> Any:
        """Return the architecture of positions. Raises ArchitectureError if there is none.

        Args:
            row: Positions (choices,); of inactive choices they may have any value.
            choices: Choices that decode it, if they are a part of the encoder's.
        """
        sample = {
            label: values[i]
            for label, values, i in zip(self.labels, self.values, row.tolist(), strict=True)
            if i != INACTIVE
        }
        return (choices or self.choices).from_sample(sample)

    def allowed(self, choices: Choices) -> NDArray[np.bool_]:
        """Return which values (choices, values) a part of the choices has."""
        categoricals = choices.categoricals
        allowed = np.zeros((len(self.labels), self.sizes.max()), dtype=bool)
        for i, (label, positions) in enumerate(zip(self.labels, self._positions, strict=True)):
            allowed[i, [positions[value] for value in categoricals.get(label, ())]] = True
        return allowed

    def sample(
        self, space: SearchSpace[Any], rng: np.random.Generator, count: int
    ) -> list[tuple[Any, Indices]]:
        """Return random architectures of a space with their positions.

        Fewer than `count` if the choices lack some of them.
        """
        found = []
        for _ in range(count):
            architecture = space.sample(rng)
            try:
                found.append((architecture, self.encode(architecture)))
            except ArchitectureError:
                continue
        return found


def draw_positions(weights: NDArray[Any], rng: np.random.Generator) -> Indices:
    """Return one position per row of weights, with probabilities in their proportion."""
    cumulative = weights.cumsum(axis=1, dtype=np.float64)
    below = cumulative <= rng.random(len(weights))[:, None] * cumulative[:, -1:]
    return np.asarray(below.sum(axis=1))
