"""Strategies as samplers of Optuna."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

import optuna
from optuna.trial import TrialState

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.optuna.making import make_strategy
from nni_nlp_bench.frameworks.optuna.session import ATTRIBUTE, Session
from nni_nlp_bench.strategies.algorithms.optuna_strategy import choice_distributions
from nni_nlp_bench.strategies.configs import StrategyConfig, StrategyLike
from search_spaces.base import SearchSpace


class StrategySampler(optuna.samplers.BaseSampler):  # type: ignore[misc]
    """A strategy as a sampler of Optuna, for studies of an `OptunaObjective`.

    Trials that fail or are pruned count as failed evaluations; complete trials that it did not
    propose are observations for strategies that use them. A sampler serves one study, in one
    process. In a study that a sampler with the same arguments began, it restores the strategy from
    the trials and goes on.

    Args:
        strategy: As in `nni_nlp_bench.search`; it has one objective and full trainings.
        benchmark: The benchmark of the objective, its name or folder, or a search space.
        seed: Seed of the strategy.

    Raises:
        UserError: The strategy cannot be used.

    >>> from nni_nlp_bench.frameworks.optuna import OptunaObjective
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=StrategySampler("local_search", "mini", seed=1))
    >>> study.optimize(OptunaObjective("mini"), n_trials=20)
    """

    def __init__(
        self,
        strategy: StrategyLike,
        benchmark: Benchmark | SearchSpace[Any] | str,
        *,
        seed: int = 0,
    ) -> None:
        config = StrategyConfig.of(strategy)
        self._strategy = make_strategy(config, benchmark, seed)
        self._name = f"strategy {config.name!r} with seed {seed}"
        self._distributions = choice_distributions(self._strategy.space.choices())
        self._lock = Lock()
        self._session: Session | None = None
        self._study: str | None = None

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Return the distributions of all choices of the space."""
        return self._distributions

    def sample_relative(
        self, study: Any, trial: Any, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the next proposal's choices; empty if there is none. Raises UserError."""
        with self._lock:
            trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
            session = self._session_in(study, trials)
            session.tell_all([t for t in trials if t.state == TrialState.COMPLETE])
            asked = None if "fixed_params" in trial.system_attrs else session.ask(trial.number)
            if asked is None:
                return {}
            sample, record = asked
            study._storage.set_trial_system_attr(trial._trial_id, ATTRIBUTE, record)
            return sample

    def _session_in(self, study: Any, trials: Sequence[Any]) -> Session:
        """Return the session, which the first call restores from the trials."""
        if self._session is None:
            if (count := len(study.directions)) > 1:
                raise UserError(f"{self._name} optimises one objective, not {count}")
            self._study = study.study_name
            session = Session(self._strategy, self._name, study.direction)
            session.replay(trials)
            self._session = session
        if self._study != study.study_name:
            raise UserError(f"{self._name} serves the study {self._study!r}: make another sampler")
        return self._session

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        """Raise what is wrong: the strategy proposes the values of all choices together.

        Raises:
            TrialPruned: The strategy has no more proposals; this ends `study.optimize`.
            UserError: The parameter is no choice of the space, or a trial must finish first.
        """
        if param_name not in self._distributions:
            raise UserError(f"{self._name}: its space has no choice {param_name!r}")
        if "fixed_params" in trial.system_attrs:
            raise UserError(
                f"an enqueued trial lacks the choice {param_name!r}: enqueue all of them"
            )
        if self._session is not None and self._session.is_waiting:
            raise UserError(
                f"{self._name} waits for running trials: finish them first, or n_jobs=1"
            )
        with suppress(RuntimeError):  # outside of `optimize` there is nothing to stop
            study.stop()
        raise optuna.TrialPruned(f"{self._name} has no more proposals")

    def after_trial(
        self, study: Any, trial: Any, state: Any, values: Sequence[float] | None
    ) -> None:
        """Report the trial to the strategy."""
        with self._lock:
            if self._session is not None:
                self._session.tell(trial, state, values)
