"""Tree-structured Parzen estimator over the categorical choices of a space, by optuna."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy


class TPE(Strategy):
    """Optuna's TPE sampler on the space's choices; invalid samples are skipped."""

    _tries = 100

    def __init__(self, *args: Any, random_first: int = 20) -> None:
        import optuna

        super().__init__(*args)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        seed = int(self.rng.integers(2**31))
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=random_first)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._choices = self.space.choices()
        self._distributions = {
            label: optuna.distributions.CategoricalDistribution(values)
            for label, values in self._choices.categoricals.items()
        }
        self._running: dict[Proposal, Any] = {}

    def ask(self) -> Proposal | None:
        """Return an architecture proposed by the estimator."""
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
        import optuna

        trial = self._running.pop(proposal)
        if score is None:
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, score)

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
