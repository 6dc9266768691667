"""Interface of every strategy: ask for a proposal, tell its score."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.objectives import SearchObjectives
from search_spaces.base import SearchSpace


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """An architecture to evaluate."""

    architecture: Any
    epochs: int | None = None
    """Epochs of training in total; None for a full training."""


class Strategy(ABC):
    """Interface of every strategy.

    A strategy is deterministic: the same space, seed and scores give the same proposals.

    Args:
        space: The space that it searches.
        rng: Its only source of randomness.
        epochs: Epochs of a full training.
        objectives: The objectives of a search with several: it then calls `tell_losses` instead of
            `tell`. Only strategies whose `objective_counts` admit several are given them.

    A subclass declares its options as keyword-only parameters of its constructor:

    >>> class Hill(Strategy):
    ...     def __init__(self, *args, patience: int = 10) -> None:
    ...         super().__init__(*args)
    ...         self.patience = patience
    ...
    ...     def ask(self) -> Proposal | None:
    ...         return Proposal(self.space.sample(self.rng))
    >>> Hill.options()
    {'patience': 10}
    """

    objective_counts: ClassVar[tuple[int, int | None]] = (1, 1)
    """Fewest and most objectives that it can optimise; None for any number."""
    loss_unit: LossUnit = LossUnit.NATS
    """Unit of the losses whose negatives are the scores; a search sets that of its benchmark."""

    def __init__(
        self,
        space: SearchSpace[Any],
        rng: np.random.Generator,
        epochs: int,
        objectives: SearchObjectives | None = None,
    ) -> None:
        if objectives is None and self.objective_counts[0] > 1:
            raise UserError(
                f"{type(self).__name__} optimises several objectives: run it with `search` or "
                "`compare`, and name them"
            )
        self.space = space
        self.rng = rng
        self.epochs = epochs
        self.objectives = objectives

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Return the names of its options and their defaults."""
        parameters = inspect.signature(cls).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    @classmethod
    def check_options(cls, name: str, options: Mapping[str, Any]) -> None:
        """Raise UserError for an option that does not exist; `name` is the strategy's."""
        parameters = inspect.signature(cls).parameters.values()
        known = cls.options()
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            return
        for option in options:
            if option not in known:
                raise UserError(
                    f"strategy {name!r} has no option {option!r}; "
                    f"known: {', '.join(known) or 'none'}"
                )

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return whether it asks for shorter trainings when it is made with these options.

        Only a benchmark with learning curves can answer those.
        """
        return False

    @classmethod
    def uses_features(cls, options: Mapping[str, Any]) -> bool:
        """Return whether it has a model of `SearchSpace.features`, made with these options.

        Rankings on a surrogate, which is fitted on the same features, leave such strategies out.
        """
        return False

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return which library it lacks here and how to get it; None if it can run."""
        return None

    @abstractmethod
    def ask(self) -> Proposal | None:
        """Return the next proposal.

        None means that it waits for scores or, if none is due, that the search is over.
        """

    def tell(self, proposal: Proposal, score: float | None) -> None:  # noqa: B027
        """Take in the result of a proposal.

        Args:
            proposal: What `ask` returned.
            score: Higher is better; None if the evaluation failed.
        """

    def tell_losses(self, proposal: Proposal, losses: NDArray[np.float64] | None) -> None:  # noqa: B027
        """Take in the result of a proposal in a search with several objectives.

        Args:
            proposal: What `ask` returned.
            losses: One for each of `objectives`, lower is better, on the scale of
                `Objective.to_loss`; None if the evaluation failed.
        """

    def add_observation(self, architecture: Any, score: float) -> None:  # noqa: B027
        """Take in the score of a full training that it did not ask for, if it can use it."""

    def close(self) -> None:  # noqa: B027
        """Free what the search holds, such as a thread; nothing is asked or told afterwards."""

    def sample_unseen(self, seen: set[str], tries: int = 1000) -> Any | None:
        """Return a random architecture whose key is not in `seen`, and add its key.

        None if a table has no other or, in a whole space, if none was found in `tries` samples.
        """
        drawn = (self.space.sample(self.rng) for _ in range(tries))
        new = next((a for a in drawn if a.canonical_key not in seen), None)
        if new is None and self.space.table is not None:
            left = [a for a in self.space.table if a.canonical_key not in seen]
            new = left[int(self.rng.integers(len(left)))] if left else None
        if new is not None:
            seen.add(new.canonical_key)
        return new
