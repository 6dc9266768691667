"""State of a strategy in an NNI experiment, logged so that it can be resumed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.frameworks.nni.tuning.trial_codec import TrialCodec
from nni_nlp_bench.strategies.base import Proposal

Key = tuple[str, int | None]
"""Canonical key of the architecture, and epochs of the training."""
_MAX_REPEATS = 1000
"""Consecutive proposals without a new trial after which the strategy counts as exhausted."""


class AskTell(Protocol):
    """Ask-and-tell interface of strategies."""

    epochs: int
    """Epochs of a full training."""

    def ask(self) -> Proposal | None:
        """Return the next proposal; None to wait for scores, or to stop if none is pending."""

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the score of a proposal (higher is better); None if its evaluation failed."""

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add the score of a full training that was not proposed."""


def key_of(proposal: Proposal) -> Key:
    """Return the key that is equal for proposals with the same trial."""
    return proposal.architecture.canonical_key, proposal.epochs


class Session:
    """Runs a strategy, with one trial per distinct proposal and a log of all events.

    A proposal needs no trial if its score is known or pending, or if it is out of bounds. Events
    are logged before they take effect. A session on an existing log replays it, which restores the
    state of a deterministic strategy.

    Args:
        strategy: Strategy to run.
        codec: Converts proposals to trial parameters and back.
        log: Log of the session, replayed if it has events.

    Raises:
        JournalError: the log does not match the strategy.
    """

    def __init__(self, strategy: AskTell, codec: TrialCodec, log: JsonLines) -> None:
        self._strategy = strategy
        self._codec = codec
        self._log = log
        self._open: dict[Key, list[Proposal]] = {}
        """Proposals without a score by key; equal ones share a trial."""
        self._scores: dict[Key, float | None] = {}
        self._requeued: deque[Key] = deque()
        self._search_space: Mapping[str, Any] | None = None
        self._replay()

    @property
    def open(self) -> set[Key]:
        """Keys of the proposals without a score."""
        return set(self._open)

    @property
    def bounded(self) -> bool:
        """Whether bounds have been set."""
        return self._search_space is not None

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Set the bounds of further proposals from a `searchSpace`. Raises UserError."""
        if search_space != self._search_space:
            self._bound(search_space)
            self._log.append({"event": "bound", "search_space": search_space})

    def next(self) -> Proposal | None:
        """Return the next proposal that needs a trial.

        None to wait for scores, or, if none is pending, because the strategy has ended.
        """
        while self._requeued:
            waiting = self._open.get(self._requeued.popleft())
            if waiting:
                return waiting[0]
        for _ in range(_MAX_REPEATS):
            proposal = self._ask()
            if proposal is None:
                return None
            key = key_of(proposal)
            if key in self._scores:
                self._tell(key, self._scores[key])
            elif not self._codec.allows(proposal):
                self._tell(key, None)
            elif len(self._open[key]) == 1:
                return proposal
        return None

    def requeue(self, key: Key) -> None:
        """Return an open proposal again before any new one, because its trial was lost."""
        self._requeued.append(key)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the score of a trial (higher is better); None if it failed.

        Scores of proposals that are not open, such as results of other experiments or late ones,
        are added as observations. Duplicates are ignored.
        """
        key = key_of(proposal)
        if key in self._open:
            self._tell(key, score)
        elif score is not None and self._scores.get(key) is None:
            parameters = self._codec.to_parameters(proposal)
            self._log.append({"event": "learn", "parameters": parameters, "score": score})
            self._add_observation(proposal, score)

    def mark_failed(self, key: Key) -> None:
        """Mark an open proposal as failed."""
        self._tell(key, None)

    def _ask(self) -> Proposal | None:
        proposal = self._strategy.ask()
        if proposal is not None:
            parameters = self._codec.to_parameters(proposal)
            self._log.append({"event": "ask", "parameters": parameters})
            self._open_proposal(proposal)
        return proposal

    def _open_proposal(self, proposal: Proposal) -> None:
        self._open.setdefault(key_of(proposal), []).append(proposal)

    def _tell(self, key: Key, score: float | None) -> None:
        self._log.append({"event": "tell", "key": key, "score": score})
        self._apply_score(key, score)

    def _apply_score(self, key: Key, score: float | None) -> None:
        self._scores[key] = score
        for proposal in self._open.pop(key):
            self._strategy.tell(proposal, score)

    def _add_observation(self, proposal: Proposal, score: float) -> None:
        self._scores[key_of(proposal)] = score
        if proposal.epochs in (None, self._strategy.epochs):
            self._strategy.add_observation(proposal.architecture, score)

    def _bound(self, search_space: Mapping[str, Any]) -> None:
        self._codec.bound(search_space)
        self._search_space = search_space

    def _replay(self) -> None:
        for position, line in enumerate(self._log.lines, start=1):
            try:
                event, subject, score = self._parsed(line)
            except (KeyError, TypeError, ValueError, UserError) as error:
                raise self._damaged(
                    position, f"not an event of this experiment ({error})"
                ) from None
            if event == "bound":
                self._bound(subject)
            elif event == "tell":
                self._apply_score(subject, score)
            elif event == "learn":
                self._add_observation(subject, score)
            else:
                asked = self._strategy.ask()
                if asked is None or key_of(asked) != key_of(subject):
                    raise self._damaged(position, "the strategy makes a different proposal")
                self._open_proposal(asked)
        for key in self.open & self._scores.keys():  # interrupted between the two events
            self._tell(key, self._scores[key])

    def _parsed(self, line: Mapping[str, Any]) -> tuple[str, Any, Any]:
        """Return the event, its subject and the score."""
        event = line["event"]
        if event == "bound":
            return event, line["search_space"], None
        if event == "tell":
            name, epochs = line["key"]
            return event, (name, epochs), line["score"]
        return event, self._codec.from_parameters(line["parameters"]), line.get("score")

    def _damaged(self, position: int, reason: str) -> JournalError:
        return JournalError(
            f"{self._log.path}, line {position}: {reason}; resume with the original "
            "configuration of the experiment"
        )
