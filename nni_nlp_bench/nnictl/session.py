"""The course of one strategy's search in an experiment, written down so that it can go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.nnictl.parameters import bounds_of
from nni_nlp_bench.strategies.searcher import Proposal, Searcher
from search_spaces.bounded import UNBOUNDED, BoundedSpace

Key = tuple[str, int | None]
_REPEATS = 1000
"""So many proposals in a row that need no trial show that the strategy has nothing new to ask."""


class Session:
    """Numbers the proposals of a searcher and tells it their scores, each once.

    No architecture is trained twice for as many epochs: a proposal whose score is known, or under
    way, needs no trial, and neither does one beyond the bounds. Every event is written into the log
    before it takes effect; a session over the log of an earlier one replays it, which leads a
    deterministic strategy to where it was.
    """

    def __init__(self, searcher: Searcher, log: JsonLines) -> None:
        self._searcher = searcher
        self._log = log
        self._proposals: list[Proposal] = []
        self._open: set[int] = set()
        """Numbers of the proposals that have no score yet."""
        self._scores: dict[Key, float | None] = {}
        self._again: deque[int] = deque()
        self._search_space: Mapping[str, Any] = {}
        self._bounds = UNBOUNDED
        self._replay()

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Keep what comes within an experiment's `searchSpace`. Raises UserError."""
        if search_space != self._search_space:
            bounds_of(search_space)
            self._log.append({"event": "bound", "search_space": search_space})
            self._bound(search_space)

    @property
    def open(self) -> Mapping[int, Proposal]:
        """The proposals that have no score yet."""
        return {number: self._proposals[number] for number in sorted(self._open)}

    def next(self) -> int | None:
        """The number of the next proposal that needs a trial.

        None to wait for scores, or, where none is due, because the strategy has ended.
        """
        if self._again:
            return self._again.popleft()
        for _ in range(_REPEATS):
            number = self._ask()
            if number is None:
                return None
            key = self._key(number)
            if key in self._scores:
                self._tell(number, self._scores[key])
            elif not self._within(number):
                self._tell(number, None)
            elif all(self._key(other) != key for other in self._open - {number}):
                return number
        return None

    def proposal(self, number: int) -> Proposal:
        """The proposal of that number."""
        return self._proposals[number]

    def repeat(self, number: int) -> None:
        """Give a proposal whose trial was lost out again, before any new one."""
        self._again.append(number)

    def tell(self, number: int, score: float | None) -> None:
        """The score of a trial, higher is better; None where it failed.

        One that comes after the trial was given up is learned as a result from elsewhere.
        """
        if number in self._open:
            key = self._key(number)
            for same in sorted(n for n in self._open if self._key(n) == key):
                self._tell(same, score)
        elif score is not None and self._scores[self._key(number)] is None:
            self.learn(self._proposals[number], score)

    def learn(self, proposal: Proposal, score: float) -> None:
        """A result from elsewhere, unless it is known."""
        key = proposal.architecture.canonical_key, proposal.epochs
        if self._scores.get(key) is None:
            text, epochs = proposal.architecture.to_json(), proposal.epochs
            self._log.append(
                {"event": "learn", "architecture": text, "epochs": epochs, "score": score}
            )
            self._learn(proposal, score)

    def number_of(self, proposal: Proposal, number: object) -> int | None:
        """`number` if it stands for this proposal here, else None: it comes from elsewhere."""
        if isinstance(number, int) and 0 <= number < len(self._proposals):
            return number if _same(self._proposals[number], proposal) else None
        return None

    def _ask(self) -> int | None:
        proposal = self._searcher.ask()
        if proposal is None:
            return None
        text = proposal.architecture.to_json()
        self._log.append({"event": "ask", "architecture": text, "epochs": proposal.epochs})
        return self._add(proposal)

    def _add(self, proposal: Proposal) -> int:
        self._proposals.append(proposal)
        self._open.add(len(self._proposals) - 1)
        return len(self._proposals) - 1

    def _tell(self, number: int, score: float | None) -> None:
        self._log.append({"event": "tell", "number": number, "score": score})
        self._take(number, score)

    def _take(self, number: int, score: float | None) -> None:
        self._open.remove(number)
        self._scores[self._key(number)] = score
        self._searcher.tell(self._proposals[number], score)

    def _learn(self, proposal: Proposal, score: float) -> None:
        self._scores[proposal.architecture.canonical_key, proposal.epochs] = score
        if proposal.epochs in (None, self._searcher.epochs):
            self._searcher.learn(proposal.architecture, score)

    def _key(self, number: int) -> Key:
        proposal = self._proposals[number]
        return proposal.architecture.canonical_key, proposal.epochs

    def _bound(self, search_space: Mapping[str, Any]) -> None:
        self._search_space, self._bounds = search_space, bounds_of(search_space)
        if isinstance(self._searcher.space, BoundedSpace):
            self._searcher.space.bounds = self._bounds

    def _within(self, number: int) -> bool:
        architecture = self._proposals[number].architecture
        return self._bounds.allow(self._searcher.space.describe(architecture))

    def _replay(self) -> None:
        parse = self._searcher.space.parse
        for position, line in enumerate(self._log.lines, start=1):
            if line["event"] == "tell":
                self._take(line["number"], line["score"])
                continue
            if line["event"] == "bound":
                self._bound(line["search_space"])
                continue
            logged = Proposal(parse(line["architecture"]), line["epochs"])
            if line["event"] == "learn":
                self._learn(logged, line["score"])
            elif (asked := self._searcher.ask()) is not None and _same(asked, logged):
                self._add(asked)
            else:
                raise JournalError(
                    f"{self._log.path}, line {position}: the strategy proposes something else than "
                    "it did; resume with the configuration that the experiment began with"
                )
        for number in sorted(self._open):
            if self._key(number) in self._scores:  # a crash came between the two
                self._tell(number, self._scores[self._key(number)])


def _same(one: Proposal, other: Proposal) -> bool:
    return one.epochs == other.epochs and bool(one.architecture == other.architecture)
