"""Optuna's samplers as strategies `optuna:NAME`."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.frameworks.optuna.trials import suggest
from nni_nlp_bench.strategies.algorithms.optuna_strategy import OptunaStrategy
from nni_nlp_bench.strategies.base import Proposal


class Tpe(OptunaStrategy):
    """Optuna's TPESampler: a density per choice, of the trials that need the choice.

    Its prior is uniform over the values of a choice; that of the strategy `tpe` is the
    distribution of the space's samples. On a table many samples are the same architecture, which
    is not evaluated again: the sampler is told the known score. After ten such samples the space is
    sampled.

    Args:
        *args: As of every strategy.
        random_first: Number of evaluations before the densities are used.
        candidates: Number of candidates per choice.
        constant_liar: Whether running evaluations count as bad ones.
    """

    _tries = 10

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
        self._scores: dict[str, float] = {}
        """Scores by key of the architecture."""
        super().__init__(*args, random_first=random_first)

    def _sampler(self, seed: int) -> Any:
        import optuna

        return optuna.samplers.TPESampler(seed=seed, **self._options)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the score to the study, and keep it for samples that repeat the architecture."""
        if score is not None:
            self._scores[proposal.architecture.canonical_key] = score
        super().tell(proposal, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the study if the choices can express it; it is not proposed any more."""
        self._scores[architecture.canonical_key] = score
        super().add_observation(architecture, score)

    def _ask_study(self) -> Any:
        """Return a trial with the choices that its architecture needs."""
        trial = self._study.ask()
        suggest(trial, self._choices, conditional=True)
        return trial

    def _skip(self, trial: Any, architecture: Any | None) -> None:
        """Tell the known score of the architecture, if it has one."""
        score = None if architecture is None else self._scores.get(architecture.canonical_key)
        if score is None:
            super()._skip(trial, architecture)
        else:
            self._study.tell(trial, score)
