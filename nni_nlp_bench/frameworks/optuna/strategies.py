"""Optuna's samplers as strategies `optuna:NAME`."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.frameworks.optuna.trials import suggest
from nni_nlp_bench.strategies.algorithms.optuna_strategy import OptunaStrategy


class Tpe(OptunaStrategy):
    """Optuna's TPESampler: a density per choice, of the trials that need the choice.

    Its prior is uniform over the values of a choice; that of the strategy `tpe` is the
    distribution of the space's samples.

    Args:
        *args: As of every strategy.
        random_first: Number of architectures evaluated before the densities are used.
        candidates: Number of candidates per choice.
        constant_liar: Whether running evaluations count as bad ones.
    """

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        candidates: int = 24,
        constant_liar: bool = True,
    ) -> None:
        self._options = {
            "n_startup_trials": random_first,
            "n_ei_candidates": candidates,
            "constant_liar": constant_liar,
        }
        super().__init__(*args, random_first=random_first)

    def _sampler(self, seed: int) -> Any:
        import optuna

        return optuna.samplers.TPESampler(seed=seed, **self._options)

    def _ask_study(self) -> Any:
        """Return a trial with the choices that its architecture needs."""
        trial = self._study.ask()
        suggest(trial, self._choices, conditional=True)
        return trial
