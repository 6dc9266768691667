"""Early termination of trainings that are unlikely to become the best.

The criterion is that of Domhan et al. (IJCAI 2015), the predictions those of Baker et al. (2017,
arXiv 1705.10823): a regression on the trainings of the same search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.brackets import count_halvings, rung_epochs
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.final_score import FinalScore, FinalScoreModel
from nni_nlp_bench.strategies.registry import STRATEGIES


@dataclass(eq=False)
class Training:
    """A training of an architecture that another strategy proposed."""

    proposal: Proposal
    scores: list[float] = field(default_factory=list)
    """Scores after each step."""
    told: bool = False
    """Whether that strategy knows how it ended."""


class PredictiveTermination(Strategy):
    """Another strategy whose trainings run in steps and stop if they will hardly become the best.

    A training goes on after a step if its final score is higher than the best one with a
    probability of `delta` or more. The strategy is told the final score or, of a training that
    stopped, the predicted one. The first `complete_first` trainings are not stopped. Once the
    strategy proposes no other architecture, stopped trainings continue, the most promising first.

    Args:
        *args: Those of every strategy.
        strategy: Name of the strategy that proposes architectures.
        delta: Probability below which a training stops.
        eta: A step makes a training `eta` times as long.
        steps: Number of steps of a full training, at most: the first is
            `eta ** (1 - steps)` of it.
        complete_first: Number of full trainings before any is stopped.
    """

    def __init__(
        self,
        *args: Any,
        strategy: str = "random",
        delta: float = 0.05,
        eta: int = 3,
        steps: int = 3,
        complete_first: int = 5,
    ) -> None:
        super().__init__(*args)
        kind = STRATEGIES.get(strategy)
        if kind.is_multi_fidelity({}) or kind.objective_counts[0] > 1:
            raise UserError(
                f"predictive_termination: strategy {strategy!r} does not propose full trainings "
                "for one objective; take one that does, such as random"
            )
        if steps < 2 or complete_first < 3:
            raise UserError("predictive_termination: give steps >= 2 and complete_first >= 3")
        self._inner = kind(self.space, self.rng, self.epochs)
        self._delta = delta
        halvings = min(steps - 1, count_halvings(self.epochs, eta))
        self._lengths = [rung_epochs(self.epochs, eta, k) for k in range(halvings, -1, -1)]
        self._complete_first = complete_first
        self._running: dict[Proposal, Training] = {}
        self._continued: deque[Training] = deque()
        self._stopped: list[Training] = []
        self._complete: list[Training] = []
        self._models: dict[int, FinalScoreModel] = {}
        """By number of steps, of all complete trainings."""
        self._best = -inf
        """The highest final score."""

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    @classmethod
    def uses_features(cls, options: Mapping[str, Any]) -> bool:
        """Return whether the strategy that proposes architectures does."""
        return STRATEGIES.get(options.get("strategy", "random")).uses_features({})

    def ask(self) -> Proposal | None:
        """Return the next step of a training, or the first one of a new architecture."""
        if self._continued:
            return self._next_step(self._continued.popleft())
        proposal = self._inner.ask()
        if proposal is not None:
            return self._next_step(Training(proposal))
        return None if self._running else self._resumed()

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Continue or stop the training, and tell the strategy of one that ends here."""
        training = self._running.pop(proposal)
        if score is None:
            self._end(training, None)
            return
        training.scores.append(score)
        if len(training.scores) == len(self._lengths):
            self._complete.append(training)
            self._models = {}
            self._best = max(self._best, score)
            self._end(training, score)
        elif len(self._complete) < self._complete_first:
            self._continued.append(training)
        else:
            self._continue_or_stop(training)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Pass it to the strategy; it is a final score to improve upon."""
        self._best = max(self._best, score)
        self._inner.add_observation(architecture, score)

    def close(self) -> None:
        """Free what the strategy holds."""
        self._inner.close()

    def _continue_or_stop(self, training: Training) -> None:
        predicted = self._predict(training)
        if predicted.probability_above(self._best) >= self._delta:
            self._continued.append(training)
        else:
            self._stopped.append(training)
            self._end(training, predicted.mean)

    def _end(self, training: Training, score: float | None) -> None:
        """Tell the strategy the score of a training, once."""
        if not training.told:
            training.told = True
            self._inner.tell(training.proposal, score)

    def _next_step(self, training: Training) -> Proposal:
        length = self._lengths[len(training.scores)]
        proposal = Proposal(training.proposal.architecture, length)
        self._running[proposal] = training
        return proposal

    def _resumed(self) -> Proposal | None:
        """Return the next step of the most promising training that was stopped."""
        if not self._stopped:
            return None
        best = max(self._stopped, key=lambda training: self._predict(training).mean)
        self._stopped.remove(best)
        return self._next_step(best)

    def _predict(self, training: Training) -> FinalScore:
        steps = len(training.scores)
        if steps not in self._models:
            partial = np.array([complete.scores[:steps] for complete in self._complete])
            final = np.array([complete.scores[-1] for complete in self._complete])
            self._models[steps] = FinalScoreModel(partial, final)
        return self._models[steps].predict(np.array(training.scores))
