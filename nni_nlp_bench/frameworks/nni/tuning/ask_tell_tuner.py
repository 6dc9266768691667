"""NNI's tuner interface over a strategy that is asked and told."""

from __future__ import annotations

import functools
import logging
import math
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import RLock, Timer
from typing import Any, TypeVar

from nni.tuner import Tuner
from nni.utils import extract_scalar_reward

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JsonLines
from nni_nlp_bench.frameworks.nni.parent_watchdog import end_with_manager
from nni_nlp_bench.frameworks.nni.serving.manager_api import stop_requesting_trials
from nni_nlp_bench.frameworks.nni.tuning.recovery import trials
from nni_nlp_bench.frameworks.nni.tuning.session import AskAndTell, Key, Session, key_of
from nni_nlp_bench.frameworks.nni.tuning.trial_codec import TrialCodec

LOG = "nni_nlp_bench.jsonl"
PATIENCE_S = 10.0
"""How long the result of a trial that succeeded may still be on its way."""
_logger = logging.getLogger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _ends_experiment(method: _Method) -> _Method:
    """One caller at a time; an error goes to NNI's manager, which would wait for ever otherwise.

    The manager can be reached from its first request for trials on: errors before wait for that.
    """

    @functools.wraps(method)
    def guarded(self: AskTellTuner, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                if self._send is None:
                    _logger.exception("kept for the manager's first request")
                    self._error = error
                    return None
                # The callback is a method of the dispatcher, and NNI gives tuners no other way.
                dispatcher = self._send.__self__  # type: ignore[attr-defined]
                dispatcher.report_error(f"{type(error).__name__}: {error}")
                raise

    return guarded  # type: ignore[return-value]


class AskTellTuner(Tuner):  # type: ignore[misc]
    """Proposals of a strategy become trials, results become scores.

    What happens is logged in the experiment's checkpoint folder; `nnictl resume` goes on from
    there. NNI calls from several threads, and about a trial's end and its result in any order.
    """

    def __init__(self, **class_args: Any) -> None:
        super().__init__()
        self._class_args = class_args
        self._lock = RLock()
        self._open_session: Session | None = None
        self._handed_out: dict[int, Key] = {}
        """By NNI's parameter id."""
        self._requests: deque[int] = deque()
        """Parameter ids that NNI waits for a trial for."""
        self._send: Callable[[int, Any], None] | None = None
        self._error: Exception | None = None
        self._unfinished: set[Key] = set()
        """What had no score when an earlier manager ended."""
        self._resumed = False
        end_with_manager()

    @abstractmethod
    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        """Set `_strategy`, `_kind` and `_lower_is_better`. Raises UserError."""

    @classmethod
    def check(cls, class_args: Mapping[str, Any], search_space: Mapping[str, Any]) -> None:
        """Raise UserError for what would end an experiment at its start."""
        tuner = cls(**class_args)
        tuner._set_up(class_args)
        tuner._kind.bound(search_space)

    _strategy: AskAndTell
    _kind: TrialCodec
    _lower_is_better: bool

    @_ends_experiment
    def update_search_space(self, search_space: Mapping[str, Any]) -> None:
        """Bound the proposals, at the beginning and whenever the user changes the bounds."""
        if self._error is not None:
            return
        session = self._session
        try:
            session.bound(search_space)
        except UserError as error:
            if not session.bounded:
                raise
            _logger.error("%s; the search goes on within the former bounds", error)
        self._answer_requests()

    @_ends_experiment
    def load_checkpoint(self) -> None:
        """NNI has resumed the experiment: what is under way may have been lost."""
        if self._error is None:
            self._unfinished = self._session.open
            self._resumed = True

    @_ends_experiment
    def generate_multiple_parameters(
        self, parameter_id_list: Sequence[int], **kwargs: Any
    ) -> list[dict[str, Any]]:
        """As many proposals as there are now; the others follow when scores have come in."""
        self._send = kwargs["st_callback"]
        if self._error is not None:
            raise self._error
        if self._unfinished:
            self._look_after_unfinished()
        self._answer_requests()
        proposed = []
        for parameter_id in parameter_id_list:
            parameters = None if self._requests else self._next(parameter_id)
            if parameters is None:
                self._requests.append(parameter_id)
            else:
                proposed.append(parameters)
        self._end_if_nothing_is_left()
        return proposed

    @_ends_experiment
    def receive_trial_result(
        self, parameter_id: int, parameters: Mapping[str, Any], value: Any, **kwargs: Any
    ) -> None:
        """Tell the strategy the score of a trial, whether or not the trial has ended before."""
        session = self._session
        session.tell(self._kind.from_parameters(parameters), self._score(value))
        self._answer_requests()

    @_ends_experiment
    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial without a result has failed; one that succeeded has some time to deliver it."""
        key = self._handed_out.get(parameter_id)
        if key is not None:  # else it is a trial that the user has added
            self._end(key, wait=success)

    @_ends_experiment
    def import_data(self, data: Sequence[Mapping[str, Any]]) -> None:
        """Take in results of other experiments.

        NNI also repeats those of this one when it is resumed. The log has them, and they may stand
        under the parameters of another trial.
        """
        if self._error is not None:
            return
        session = self._session
        own = trials().ids if self._resumed else frozenset()
        for entry in data:
            if entry.get("trialJobId") in own:
                continue
            try:
                proposal = self._kind.from_parameters(entry["parameter"])
            except UserError as error:
                _logger.error("an imported result is left out: %s", error)
                continue
            session.tell(proposal, self._score(entry["value"]))
        self._answer_requests()

    @property
    def _session(self) -> Session:
        """The session, begun or resumed at first use: NNI gives a tuner 10 seconds to be made."""
        if self._open_session is None:
            self._set_up(self._class_args)
            folder = self.get_checkpoint_path()
            if folder is None:
                raise UserError("NNI_CHECKPOINT_DIRECTORY names no folder: run under nnictl")
            log = JsonLines(Path(folder) / LOG)
            self._open_session = Session(self._strategy, self._kind, log)
        return self._open_session

    def _look_after_unfinished(self) -> None:
        """What never became a trial is given out again; NNI itself runs the others again.

        It tells of no end of those, but asks for one more trial whenever one has ended.
        """
        left, session = trials(), self._session
        for parameters, value in left.results:
            session.tell(self._kind.from_parameters(parameters), self._score(value))
        without_result, to_come = self._keys(left.without_result), self._keys(left.to_come)
        for key in sorted((self._unfinished & session.open) - to_come, key=repr):
            if key in without_result:
                self._end(key, wait=not self._resumed)
            elif self._resumed:
                session.requeue(key)
        self._unfinished &= session.open & to_come
        self._resumed = False

    def _keys(self, trials: Sequence[Mapping[str, Any]]) -> set[Key]:
        return {key_of(self._kind.from_parameters(parameters)) for parameters in trials}

    def _end(self, key: Key, wait: bool) -> None:
        if wait:
            timer = Timer(PATIENCE_S, self._give_up, (key,))
            timer.daemon = True
            timer.start()
        else:
            self._give_up(key)

    @_ends_experiment
    def _give_up(self, key: Key) -> None:
        if key in self._session.open:
            _logger.info("no result of %s: it counts as failed", key)
            self._session.mark_failed(key)
            self._answer_requests()

    def _answer_requests(self) -> None:
        while self._requests and self._send is not None:
            parameters = self._next(self._requests[0])
            if parameters is None:
                self._end_if_nothing_is_left()
                return
            self._send(self._requests.popleft(), parameters)

    def _end_if_nothing_is_left(self) -> None:
        """A search that waits for no score and has no proposal is at its end."""
        if self._requests and not self._session.open:
            _logger.info("the search has ended: there will be no more trials")
            stop_requesting_trials()

    def _next(self, parameter_id: int) -> dict[str, Any] | None:
        proposal = self._session.next()
        if proposal is None:
            return None
        self._handed_out[parameter_id] = key_of(proposal)
        return self._kind.to_parameters(proposal)

    def _score(self, value: Any) -> float | None:
        """Higher is better; None for a result that is not finite."""
        reward = float(extract_scalar_reward(value))
        score = -reward if self._lower_is_better else reward
        return score if math.isfinite(score) else None
