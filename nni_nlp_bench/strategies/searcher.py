"""What a discrete strategy is, apart from any host: ask for a proposal, tell its score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from search_spaces.base import SearchSpace
from search_spaces.preferred import PreferredSpace
from search_spaces.restricted import RestrictedSpace


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """An architecture to evaluate after `epochs` epochs of training in all (None: a full one)."""

    architecture: Any
    epochs: int | None = None


class Searcher(ABC):
    """A strategy over any space. The same space, seed and scores give the same proposals."""

    needs_curves: ClassVar[bool] = False
    """Whether it asks for shorter trainings, which only a benchmark with curves can answer."""

    def __init__(self, space: SearchSpace[Any], rng: np.random.Generator, epochs: int) -> None:
        self.space = space
        self.rng = rng
        self.epochs = epochs
        """Epochs of a full training."""

    @classmethod
    def shortens(cls, options: Mapping[str, Any]) -> bool:
        """Whether it asks for shorter trainings when it is made with these options."""
        return cls.needs_curves

    @classmethod
    def unavailable(cls) -> str | None:
        """Why it cannot run here, as where a library is missing, with the remedy; else None."""
        return None

    @abstractmethod
    def ask(self) -> Proposal | None:
        """The next architecture; None to wait for scores, or, when none is due, to stop."""

    def tell(self, proposal: Proposal, score: float | None) -> None:  # noqa: B027
        """The score of a proposal, higher is better; None where its evaluation failed."""

    def learn(self, architecture: Any, score: float) -> None:  # noqa: B027
        """Take in the score of a full training that it did not ask for, where it can use it."""

    def close(self) -> None:  # noqa: B027
        """Free what the search holds, such as a thread; nothing is asked or told afterwards."""

    def sample_new(self, seen: set[str], tries: int = 1000) -> Any | None:
        """A random architecture whose key is not in `seen`, which then holds it.

        None when a table has no other, and in a whole space when none was found in `tries`.
        """
        drawn = (self.space.sample(self.rng) for _ in range(tries))
        new = next((a for a in drawn if a.canonical_key not in seen), None)
        space = self.space.space if isinstance(self.space, PreferredSpace) else self.space
        if new is None and isinstance(space, RestrictedSpace):
            left = [a for a in space.architectures if a.canonical_key not in seen]
            new = left[int(self.rng.integers(len(left)))] if left else None
        if new is not None:
            seen.add(new.canonical_key)
        return new
