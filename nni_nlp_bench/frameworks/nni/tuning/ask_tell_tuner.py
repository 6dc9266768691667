"""NNI tuner interface for ask-and-tell strategies."""

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
from nni_nlp_bench.frameworks.nni.parent_watchdog import exit_with_manager
from nni_nlp_bench.frameworks.nni.plain_json import accept_plain_json_only
from nni_nlp_bench.frameworks.nni.serving.manager_api import stop_requesting_trials
from nni_nlp_bench.frameworks.nni.tuning.recovery import take_snapshot
from nni_nlp_bench.frameworks.nni.tuning.session import AskTell, Key, Session, key_of
from nni_nlp_bench.frameworks.nni.tuning.trial_codec import TrialCodec

LOG = "nni_nlp_bench.jsonl"
RESULT_TIMEOUT_S = 10.0
"""Time limit for the result of a trial to arrive after the trial has succeeded."""
_logger = logging.getLogger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _report_errors(method: _Method) -> _Method:
    """Serialize calls, and report errors to NNI's manager, which would otherwise wait forever.

    Errors before the manager's first request for trials are reported with that request.
    """

    @functools.wraps(method)
    def guarded(self: AskTellTuner, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                if self._send is None:
                    _logger.exception("error before the first request of the manager")
                    self._error = error
                    return None
                # The callback is a method of the dispatcher, the only access that NNI offers.
                dispatcher = self._send.__self__  # type: ignore[attr-defined]
                dispatcher.report_error(f"{type(error).__name__}: {error}")
                raise

    return guarded  # type: ignore[return-value]


class AskTellTuner(Tuner):  # type: ignore[misc]
    """Base class of NNI tuners that run an ask-and-tell strategy.

    All events are logged in the checkpoint folder of the experiment, from which a resumed tuner
    restores its state. NNI calls the methods from several threads, and reports the end and the
    result of a trial in any order.

    Args:
        **class_args: `classArgs` of the experiment.
    """

    def __init__(self, **class_args: Any) -> None:
        super().__init__()
        self._class_args = class_args
        self._lock = RLock()
        self._open_session: Session | None = None
        self._issued: dict[int, Key] = {}
        """Proposals that became trials, by NNI's parameter id."""
        self._requests: deque[int] = deque()
        """Parameter ids for which NNI waits for parameters."""
        self._send: Callable[[int, Any], None] | None = None
        self._error: Exception | None = None
        self._unfinished: set[Key] = set()
        """Proposals without a score when an earlier manager ended."""
        self._resumed = False
        accept_plain_json_only()
        exit_with_manager()

    @abstractmethod
    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        """Set `_strategy`, `_codec`, `_lower_is_better`. Raises UserError for invalid arguments."""

    @classmethod
    def check(cls, class_args: Mapping[str, Any], search_space: Mapping[str, Any]) -> None:
        """Raise UserError if a configuration is invalid.

        Args:
            class_args: `classArgs` of the experiment.
            search_space: `searchSpace` of the experiment.
        """
        tuner = cls(**class_args)
        tuner._set_up(class_args)
        tuner._codec.bound(search_space)

    _strategy: AskTell
    _codec: TrialCodec
    _lower_is_better: bool

    @_report_errors
    def update_search_space(self, search_space: Mapping[str, Any]) -> None:
        """Set the bounds of the proposals, at the start and when the user changes them."""
        if self._error is not None:
            return
        session = self._session
        try:
            session.bound(search_space)
        except UserError as error:
            if not session.bounded:
                raise
            _logger.error("%s; the search continues with the previous bounds", error)
        self._serve_requests()

    @_report_errors
    def load_checkpoint(self) -> None:
        """Mark all open proposals as possibly lost: NNI has resumed the experiment."""
        if self._error is None:
            self._unfinished = self._session.open
            self._resumed = True

    @_report_errors
    def generate_multiple_parameters(
        self, parameter_id_list: Sequence[int], **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return the available proposals; the others are sent when more scores are known."""
        self._send = kwargs["st_callback"]
        if self._error is not None:
            raise self._error
        if self._unfinished:
            self._recover_unfinished()
        self._serve_requests()
        proposed = []
        for parameter_id in parameter_id_list:
            parameters = None if self._requests else self._next(parameter_id)
            if parameters is None:
                self._requests.append(parameter_id)
            else:
                proposed.append(parameters)
        self._stop_if_exhausted()
        return proposed

    @_report_errors
    def receive_trial_result(
        self, parameter_id: int, parameters: Mapping[str, Any], value: Any, **kwargs: Any
    ) -> None:
        """Report the score of a trial to the strategy, whether or not the trial has ended."""
        session = self._session
        session.tell(self._codec.from_parameters(parameters), self._score(value))
        self._serve_requests()

    @_report_errors
    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Mark a trial without result as failed; after a success, wait a while for the result."""
        key = self._issued.get(parameter_id)
        if key is not None:  # otherwise the user has added the trial
            self._end(key, wait=success)

    @_report_errors
    def import_data(self, data: Sequence[Mapping[str, Any]]) -> None:
        """Add results of other experiments as observations.

        A resumed NNI also imports the results of this experiment, possibly with swapped parameters.
        These are ignored, as the log has them.
        """
        if self._error is not None:
            return
        session = self._session
        own_ids = take_snapshot().ids if self._resumed else frozenset()
        for entry in data:
            if entry.get("trialJobId") in own_ids:
                continue
            try:
                proposal = self._codec.from_parameters(entry["parameter"])
            except UserError as error:
                _logger.error("imported result ignored: %s", error)
                continue
            session.tell(proposal, self._score(entry["value"]))
        self._serve_requests()

    @property
    def _session(self) -> Session:
        """The session, created at first use, as NNI limits the construction of a tuner to 10 s."""
        if self._open_session is None:
            self._set_up(self._class_args)
            folder = self.get_checkpoint_path()
            if folder is None:
                raise UserError("NNI_CHECKPOINT_DIRECTORY is not set: run in an NNI experiment")
            log = JsonLines(Path(folder) / LOG)
            self._open_session = Session(self._strategy, self._codec, log)
        return self._open_session

    def _recover_unfinished(self) -> None:
        """Requeue proposals that never became a trial, and collect results of the others.

        NNI reruns interrupted trials itself. It does not report their end, but requests a new trial
        whenever one has ended.
        """
        snapshot, session = take_snapshot(), self._session
        for parameters, value in snapshot.results:
            session.tell(self._codec.from_parameters(parameters), self._score(value))
        without_result = self._keys(snapshot.without_result)
        pending = self._keys(snapshot.pending)
        for key in sorted((self._unfinished & session.open) - pending, key=repr):
            if key in without_result:
                self._end(key, wait=not self._resumed)
            elif self._resumed:
                session.requeue(key)
        self._unfinished &= session.open & pending
        self._resumed = False

    def _keys(self, trials: Sequence[Mapping[str, Any]]) -> set[Key]:
        return {key_of(self._codec.from_parameters(parameters)) for parameters in trials}

    def _end(self, key: Key, wait: bool) -> None:
        if wait:
            timer = Timer(RESULT_TIMEOUT_S, self._mark_failed, (key,))
            timer.daemon = True
            timer.start()
        else:
            self._mark_failed(key)

    @_report_errors
    def _mark_failed(self, key: Key) -> None:
        if key in self._session.open:
            _logger.info("no result of %s: marked as failed", key)
            self._session.mark_failed(key)
            self._serve_requests()

    def _serve_requests(self) -> None:
        while self._requests and self._send is not None:
            parameters = self._next(self._requests[0])
            if parameters is None:
                self._stop_if_exhausted()
                return
            self._send(self._requests.popleft(), parameters)

    def _stop_if_exhausted(self) -> None:
        """Stop requesting trials if the strategy has no proposals and waits for no scores."""
        if self._requests and not self._session.open:
            _logger.info("the strategy has ended: no more trials")
            stop_requesting_trials()

    def _next(self, parameter_id: int) -> dict[str, Any] | None:
        proposal = self._session.next()
        if proposal is None:
            return None
        self._issued[parameter_id] = key_of(proposal)
        return self._codec.to_parameters(proposal)

    def _score(self, value: Any) -> float | None:
        """Return the score (higher is better); None if the result is not a finite number."""
        try:
            reward = float(extract_scalar_reward(value))
        except (RuntimeError, TypeError, ValueError):
            _logger.error("a trial failed: its result is not a number: %.200r", value)
            return None
        score = -reward if self._lower_is_better else reward
        return score if math.isfinite(score) else None
