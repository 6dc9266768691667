"""Base class of strategies that are samplers of optuna over the choices of a space."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy


class OptunaStrategy(Strategy):
    """A sampler of optuna on the space's categorical choices; invalid samples are skipped."""

    _tries = 100

    def __init__(self, *args: Any) -> None:
        import optuna

        super().__init__(*args)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = self._sampler(seed=int(self.rng.integers(2**31)))
        directions = (
            ["maximize"]
            if self.objectives is None
            else ["minimize"] * len(self.objectives.objectives)
        )
        self._study = optuna.create_study(directions=directions, sampler=sampler)
        self._choices = self.space.choices()
        self._distributions = {
            label: optuna.distributions.CategoricalDistribution(values)
            for label, values in self._choices.categoricals.items()
        }
        self._running: dict[Proposal, Any] = {}

    @abstractmethod
    def _sampler(self, seed: int) -> Any:
        """Return the sampler."""

    def ask(self) -> Proposal | None:
        """Return an architecture proposed by the sampler."""
        import optuna

        for _ in range(self._tries):
            trial = self._study.ask(self._distributions)
            try:
                proposal = Proposal(self._choices.from_sample(trial.params))
            except ArchitectureError:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            self._running[proposal] = trial
            return proposal
        return None

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the score to the study."""
        self._tell(proposal, score)

    def tell_losses(self, proposal: Proposal, losses: NDArray[np.float64] | None) -> None:
        """Report the losses to the study."""
        self._tell(proposal, None if losses is None else losses.tolist())

    def _tell(self, proposal: Proposal, value: float | list[float] | None) -> None:
        import optuna

        trial = self._running.pop(proposal)
        if value is None:
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, value)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the study if the choices can express it."""
        import optuna

        try:
            sample = self._choices.to_sample(architecture)
        except ArchitectureError:
            return
        trial = optuna.trial.create_trial(
            params=sample, distributions=self._distributions, value=score
        )
        self._study.add_trial(trial)
