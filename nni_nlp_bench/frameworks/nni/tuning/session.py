"""The course of one strategy's search in an experiment, written down so that it can go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.frameworks.nni.tuning.trial_codec import TrialCodec
from nni_nlp_bench.strategies.base import Proposal

Key = tuple[str, int | None]
"""What is evaluated, and after how many epochs."""
_REPEATS = 1000
"""So many proposals in a row that need no trial show that the strategy has nothing new to ask."""


class AskAndTell(Protocol):
    """A `Strategy`, or what is like one."""

    epochs: int
    """Epochs of a full training."""

    def ask(self) -> Proposal | None:
        """The next proposal; None to wait for scores, or, when none is due, to stop."""

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """The score of a proposal, higher is better; None where its evaluation failed."""

    def add_observation(self, architecture: Any, score: float) -> None:
        """Take in the score of a full training that it did not ask for."""


def key_of(proposal: Proposal) -> Key:
    """Equal for proposals that one trial answers."""
    return proposal.architecture.canonical_key, proposal.epochs


class Session:
    """Asks a strategy for proposals that need a trial, and tells it every score once.

    Nothing is trained twice for as many epochs: a proposal whose score is known, or under way,
    needs no trial, and neither does one beyond the bounds. Every event is written into the log
    before it takes effect; a session over the log of an earlier one replays it, which leads a
    deterministic strategy to where it was.
    """

    def __init__(self, strategy: AskAndTell, kind: TrialCodec, log: JsonLines) -> None:
        self._strategy = strategy
        self._kind = kind
        self._log = log
        self._open: dict[Key, list[Proposal]] = {}
        """Proposals without a score; those of one key wait for the same trial."""
        self._scores: dict[Key, float | None] = {}
        self._again: deque[Key] = deque()
        self._search_space: Mapping[str, Any] | None = None
        self._replay()

    @property
    def open(self) -> set[Key]:
        """What has been proposed and has no score yet."""
        return set(self._open)

    @property
    def bounded(self) -> bool:
        """Whether it has a search space."""
        return self._search_space is not None

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Keep what comes within an experiment's `searchSpace`. Raises UserError."""
        if search_space != self._search_space:
            self._bound(search_space)
            self._log.append({"event": "bound", "search_space": search_space})

    def next(self) -> Proposal | None:
        """The next proposal that needs a trial.

        None to wait for scores, or, where none is due, because the strategy has ended.
        """
        while self._again:
            waiting = self._open.get(self._again.popleft())
            if waiting:
                return waiting[0]
        for _ in range(_REPEATS):
            proposal = self._ask()
            if proposal is None:
                return None
            key = key_of(proposal)
            if key in self._scores:
                self._tell(key, self._scores[key])
            elif not self._kind.allows(proposal):
                self._tell(key, None)
            elif len(self._open[key]) == 1:
                return proposal
        return None

    def requeue(self, key: Key) -> None:
        """Give an open proposal whose trial was lost out again, before any new one."""
        self._again.append(key)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """The score of a trial, higher is better; None where it failed.

        What the strategy does not wait for, such as the result of another experiment or one that
        comes after its trial was given up, it learns; what is known already changes nothing.
        """
        key = key_of(proposal)
        if key in self._open:
            self._tell(key, score)
        elif score is not None and self._scores.get(key) is None:
            parameters = self._kind.to_parameters(proposal)
            self._log.append({"event": "learn", "parameters": parameters, "score": score})
            self._learn(proposal, score)

    def mark_failed(self, key: Key) -> None:
        """An open proposal gets no score."""
        self._tell(key, None)

    def _ask(self) -> Proposal | None:
        proposal = self._strategy.ask()
        if proposal is not None:
            parameters = self._kind.to_parameters(proposal)
            self._log.append({"event": "ask", "parameters": parameters})
            self._add(proposal)
        return proposal

    def _add(self, proposal: Proposal) -> None:
        self._open.setdefault(key_of(proposal), []).append(proposal)

    def _tell(self, key: Key, score: float | None) -> None:
        self._log.append({"event": "tell", "key": key, "score": score})
        self._take(key, score)

    def _take(self, key: Key, score: float | None) -> None:
        self._scores[key] = score
        for proposal in self._open.pop(key):
            self._strategy.tell(proposal, score)

    def _learn(self, proposal: Proposal, score: float) -> None:
        self._scores[key_of(proposal)] = score
        if proposal.epochs in (None, self._strategy.epochs):
            self._strategy.add_observation(proposal.architecture, score)

    def _bound(self, search_space: Mapping[str, Any]) -> None:
        self._kind.bound(search_space)
        self._search_space = search_space

    def _replay(self) -> None:
        for position, line in enumerate(self._log.lines, start=1):
            try:
                event, subject, score = self._parsed(line)
            except (KeyError, TypeError, ValueError, UserError) as error:
                raise self._damaged(position, f"no event of this experiment ({error})") from None
            if event == "bound":
                self._bound(subject)
            elif event == "tell":
                self._take(subject, score)
            elif event == "learn":
                self._learn(subject, score)
            else:
                asked = self._strategy.ask()
                if asked is None or key_of(asked) != key_of(subject):
                    raise self._damaged(position, "the strategy proposes something else now")
                self._add(asked)
        for key in self.open & self._scores.keys():  # a crash came between the two
            self._tell(key, self._scores[key])

    def _parsed(self, line: Mapping[str, Any]) -> tuple[str, Any, Any]:
        """Event, what it is about, and the score."""
        event = line["event"]
        if event == "bound":
            return event, line["search_space"], None
        if event == "tell":
            name, epochs = line["key"]
            return event, (name, epochs), line["score"]
        return event, self._kind.from_parameters(line["parameters"]), line.get("score")

    def _damaged(self, position: int, what: str) -> JournalError:
        return JournalError(
            f"{self._log.path}, line {position}: {what}; resume with the configuration that the "
            "experiment began with"
        )
