"""State of a strategy in a study of Optuna, which the trials restore."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy

ATTRIBUTE = "nni_nlp_bench:asked"
"""System attribute of a trial: the sampler, the index of its `ask`, and the trials that the
strategy was told since its last `ask`, in order."""
_TRIES = 100


class Session:
    """Runs a strategy on the trials of a study.

    Args:
        strategy: The strategy.
        sampler: Identity of the sampler; trials that record it were proposed by the same one.
        direction: Direction of the study.
    """

    def __init__(self, strategy: Strategy, sampler: str, direction: StudyDirection) -> None:
        self._strategy = strategy
        self._sampler = sampler
        self._sign = 1.0 if direction == StudyDirection.MAXIMIZE else -1.0
        self._choices = strategy.space.choices()
        self._running: dict[int, Proposal] = {}
        """Proposals by number of their trial."""
        self._known: set[int] = set()
        """Numbers of the trials that were proposed or told."""
        self._told: list[int] = []
        self._asked = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a trial that it proposed has not finished."""
        return bool(self._running)

    def ask(self, number: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the sample of a trial, and its `ATTRIBUTE`; None as `Strategy.ask`.

        Raises UserError if the choices of the space do not include what the strategy proposes.
        """
        for _ in range(_TRIES):
            proposal = self._strategy.ask()
            if proposal is None:
                return None
            try:
                sample = self._choices.to_sample(proposal.architecture)
            except ArchitectureError:  # no trial can evaluate it
                self._strategy.tell(proposal, None)
                continue
            record = {"sampler": self._sampler, "index": self._asked, "told": self._told}
            self._running[number] = proposal
            self._known.add(number)
            self._asked, self._told = self._asked + 1, []
            return sample, record
        raise UserError(
            f"{self._sampler}: the choices of the space include none of {_TRIES} proposals"
        )

    def tell(self, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Report a trial, once: the score of a proposal, or an observation of a complete one."""
        score = None
        if state == TrialState.COMPLETE and values is not None and math.isfinite(values[0]):
            score = self._sign * values[0]
        if trial.number in self._running:
            self._strategy.tell(self._running.pop(trial.number), score)
        elif trial.number in self._known or score is None:
            return
        else:
            self._observe(trial.params, score)
        self._known.add(trial.number)
        self._told.append(trial.number)

    def tell_all(self, trials: Sequence[FrozenTrial]) -> None:
        """Report trials in order, except what was reported before."""
        for trial in trials:
            self.tell(trial, trial.state, trial.values)

    def _observe(self, params: dict[str, Any], score: float) -> None:
        try:
            architecture = self._choices.from_sample(params)
        except ArchitectureError:  # a trial of another space
            return
        self._strategy.add_observation(architecture, score)

    def replay(self, trials: Sequence[FrozenTrial]) -> None:
        """Ask and tell again what the trials of the same sampler record.

        Proposals whose trials were interrupted count as failed.

        Raises UserError if the strategy does not propose their architectures again.
        """
        numbered = {trial.number: trial for trial in trials}
        records = [(trial.system_attrs.get(ATTRIBUTE, {}), trial) for trial in trials]
        own = [pair for pair in records if pair[0].get("sampler") == self._sampler]
        for record, trial in sorted(own, key=lambda pair: int(pair[0]["index"])):
            self.tell_all([numbered[number] for number in record["told"]])
            found = self.ask(trial.number)
            if found is None or any(found[0].get(name) != v for name, v in trial.params.items()):
                raise UserError(
                    f"{self._sampler} does not propose trial {trial.number} of the study again: "
                    "the strategy or the benchmark has changed; take another seed or a new study"
                )
        self.tell_all(sorted((numbered[number] for number in self._running), key=_end))


def _end(trial: FrozenTrial) -> tuple[bool, float]:
    """Return a key that sorts trials by their end, unfinished ones last."""
    end = trial.datetime_complete
    return end is None, 0.0 if end is None else end.timestamp()
