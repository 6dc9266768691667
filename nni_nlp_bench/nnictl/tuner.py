"""NNI's tuner interface over the strategies: one trial of an experiment is one architecture."""

from __future__ import annotations

import functools
import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import RLock, Timer
from typing import Any, TypeVar

from nni.tuner import Tuner
from nni.utils import ClassArgsValidator, extract_scalar_reward

from nni_nlp_bench.evaluators.json_lines import JsonLines
from nni_nlp_bench.nnictl.parameters import from_parameters, to_parameters
from nni_nlp_bench.nnictl.session import Session
from nni_nlp_bench.nnictl.setting import Setting

LOG = "nni_nlp_bench.jsonl"
PATIENCE_S = 10.0
"""How long the result of a trial that succeeded may still be on its way."""
_logger = logging.getLogger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _ends_experiment(method: _Method) -> _Method:
    """One caller at a time; an error goes to NNI's manager, which would wait for ever otherwise."""

    @functools.wraps(method)
    def guarded(self: StrategyTuner, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                self._report(error)
                raise

    return guarded  # type: ignore[return-value]


class StrategyTuner(Tuner):  # type: ignore[misc]
    """Runs any discrete strategy over any space in an experiment of `nnictl`.

    `classArgs` are the fields of `Setting`. The experiment's `searchSpace` bounds the descriptors
    of the space, such as `nodes`. What happens is logged in the experiment's checkpoint folder;
    `nnictl resume` goes on from there. NNI calls from several threads.
    """

    def __init__(self, **class_args: Any) -> None:
        super().__init__()
        self._setting = Setting.from_args(class_args)
        self._searcher = self._setting.searcher()
        self._lock = RLock()
        self._session: Session | None = None
        self._numbers: dict[int, int] = {}
        """NNI's parameter id -> number of the proposal."""
        self._requests: deque[int] = deque()
        """Parameter ids that NNI waits for a trial for."""
        self._send: Callable[[int, Any], None] | None = None
        self._error: Exception | None = None

    @_ends_experiment
    def update_search_space(self, search_space: Mapping[str, Any]) -> None:
        """Bound the descriptors, at the beginning and whenever the user changes them."""
        self._course.bound(search_space)

    @_ends_experiment
    def generate_multiple_parameters(
        self, parameter_id_list: Sequence[int], **kwargs: Any
    ) -> list[dict[str, Any]]:
        """As many proposals as there are now; the others follow when scores have come in."""
        self._send = kwargs["st_callback"]
        if self._error is not None:
            raise self._error
        proposed = []
        for position, parameter_id in enumerate(parameter_id_list):
            parameters = self._next(parameter_id)
            if parameters is None:
                self._requests.extend(parameter_id_list[position:])
                break
            proposed.append(parameters)
        return proposed

    @_ends_experiment
    def receive_trial_result(
        self, parameter_id: int, parameters: Mapping[str, Any], value: Any, **kwargs: Any
    ) -> None:
        """Tell the strategy the score of a trial, whether or not the trial has ended before."""
        self._course.tell(parameters["proposal"], self._score(value))
        self._answer_requests()

    @_ends_experiment
    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial without a result has failed; one that succeeded has some time to deliver it."""
        number = self._numbers[parameter_id]
        if number in self._course.open:
            if success:
                wait = Timer(PATIENCE_S, self._give_up, (number,))
                wait.daemon = True
                wait.start()
            else:
                self._give_up(number)

    @_ends_experiment
    def import_data(self, data: Sequence[Mapping[str, Any]]) -> None:
        """Take in results of other experiments, and after a resume those of this one."""
        for entry in data:
            proposal = from_parameters(self._searcher.space, entry["parameter"])
            score = self._score(entry["value"])
            number = self._course.number_of(proposal, entry["parameter"].get("proposal"))
            if number is not None:
                self._course.tell(number, score)
            elif score is not None:
                self._course.learn(proposal, score)
        self._answer_requests()

    @property
    def _course(self) -> Session:
        """The session, begun or resumed at first use: only then is there an experiment."""
        if self._session is None:
            folder = self.get_checkpoint_path()
            if folder is None:
                raise RuntimeError("NNI_CHECKPOINT_DIRECTORY names no folder: run under nnictl")
            self._session = Session(self._searcher, JsonLines(Path(folder) / LOG))
        return self._session

    @_ends_experiment
    def _give_up(self, number: int) -> None:
        if number in self._course.open:
            _logger.info("proposal %d has no result: it counts as failed", number)
            self._course.tell(number, None)
            self._answer_requests()

    def _answer_requests(self) -> None:
        while self._requests and self._send is not None:
            parameters = self._next(self._requests[0])
            if parameters is None:
                return
            self._send(self._requests.popleft(), parameters)

    def _next(self, parameter_id: int) -> dict[str, Any] | None:
        number = self._course.next()
        if number is None:
            return None
        self._numbers[parameter_id] = number
        return to_parameters(self._searcher.space, self._course.proposal(number), number)

    def _score(self, value: Any) -> float | None:
        """Higher is better; None for a result that is not finite."""
        reward = float(extract_scalar_reward(value))
        sign = 1.0 if self._setting.optimize_mode == "maximize" else -1.0
        return sign * reward if math.isfinite(reward) else None

    def _report(self, error: Exception) -> None:
        """To the manager if it can be reached already, else at its first request for trials."""
        if self._send is None:
            self._error = error
        else:
            dispatcher = self._send.__self__  # type: ignore[attr-defined]
            dispatcher.report_error(f"{type(error).__name__}: {error}")


class StrategyTunerArgs(ClassArgsValidator):  # type: ignore[misc]
    """Lets `nnictl create` refuse wrong classArgs of the registered tuner before it starts."""

    def validate_class_args(self, **class_args: Any) -> None:
        """Raises SettingError, UnknownNameError."""
        Setting.from_args(class_args)
