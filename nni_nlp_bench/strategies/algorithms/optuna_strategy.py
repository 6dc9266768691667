"""Base class of strategies that are samplers of optuna over the choices of a space."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy
from search_spaces.choices import Choices


def choice_distributions(choices: Choices) -> dict[str, Any]:
    """Return an optuna distribution of each choice, by label."""
    import optuna

    return {
        label: optuna.distributions.CategoricalDistribution(values)
        for label, values in choices.categoricals.items()
    }


class OptunaStrategy(Strategy):
    """A sampler of optuna on the space's categorical choices.

    Until `random_first` evaluations have succeeded, proposals are samples of the space that the
    choices can express: uniformly drawn choices may be far worse architectures. Later, samples
    that are no architectures and architectures that were proposed before are skipped; after many
    of them the space is sampled again.
    """

    _tries = 100

    def __init__(self, *args: Any, random_first: int) -> None:
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
        self._distributions = choice_distributions(self._choices)
        self._random_first = random_first
        self._finished = 0
        self._seen: set[str] = set()
        self._running: dict[Proposal, Any] = {}

    @abstractmethod
    def _sampler(self, seed: int) -> Any:
        """Return the sampler."""

    def ask(self) -> Proposal | None:
        """Return a sample of the space at first, then an architecture of the sampler.

        None if a table has no other.
        """
        if self._finished < self._random_first:
            return self._from_space()
        return self._from_sampler() or self._from_space()

    def _from_space(self) -> Proposal | None:
        """Return a new sample of the space, if one is found that the choices can express."""
        for _ in range(self._tries):
            architecture = self.sample_unseen(self._seen)
            if architecture is None:
                return None
            try:
                sample = self._choices.to_sample(architecture)
            except ArchitectureError:
                continue
            self._study.enqueue_trial(sample)
            trial = self._ask_study()
            return self._propose(architecture, trial)
        return None

    def _from_sampler(self) -> Proposal | None:
        """Return an architecture of the sampler that was not proposed before."""
        for _ in range(self._tries):
            trial = self._ask_study()
            try:
                architecture = self._choices.from_sample(trial.params)
            except ArchitectureError:
                architecture = None
            if architecture is not None and architecture.canonical_key not in self._seen:
                self._seen.add(architecture.canonical_key)
                return self._propose(architecture, trial)
            self._skip(trial, architecture)
        return None

    def _ask_study(self) -> Any:
        """Return a trial with a value of every choice."""
        return self._study.ask(self._distributions)

    def _skip(self, trial: Any, architecture: Any | None) -> None:
        """End a trial that is not evaluated.

        Args:
            trial: The trial.
            architecture: An architecture that was proposed before, or None if it is not valid.
        """
        import optuna

        self._study.tell(trial, state=optuna.trial.TrialState.FAIL)

    def _propose(self, architecture: Any, trial: Any) -> Proposal:
        proposal = Proposal(architecture)
        self._running[proposal] = trial
        return proposal

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
            self._finished += 1

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the study if the choices can express it; it is not proposed any more."""
        import optuna

        self._seen.add(architecture.canonical_key)
        try:
            sample = self._choices.to_sample(architecture)
        except ArchitectureError:
            return
        trial = optuna.trial.create_trial(
            params=sample, distributions=self._distributions, value=score
        )
        self._study.add_trial(trial)
        self._finished += 1
