"""Brackets of successive halving, and the base class of strategies that run them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy


def count_halvings(epochs: int, eta: int, min_epochs: int = 1) -> int:
    """Return the largest s with `min_epochs * eta**s <= epochs`.

    A training of `epochs` then has s + 1 rungs. Raises UserError for an impossible eta or length.
    """
    if eta < 2:
        raise UserError(f"eta {eta}: one in eta architectures is promoted, so it must be 2 or more")
    if not 1 <= min_epochs <= epochs:
        raise UserError(f"min_epochs {min_epochs} must be 1 to {epochs}, a full training")
    halvings = 0
    while min_epochs * eta ** (halvings + 1) <= epochs:
        halvings += 1
    return halvings


def rung_epochs(epochs: int, eta: int, halvings: int) -> int:
    """Return the length of a training that is so many halvings below a full one."""
    return max(1, round(epochs / float(eta**halvings)))


class Bracket:
    """Successive halving of some architectures; failed trainings are not promoted.

    Args:
        architectures: Those of the first rung, taken one by one as they are asked for.
        halvings: Number of rungs after the first.
        epochs: Length of the trainings in the last rung.
        eta: One in `eta` architectures of a rung is promoted to the next.
    """

    def __init__(self, architectures: Iterable[Any], halvings: int, epochs: int, eta: int) -> None:
        self._halvings = halvings
        self._epochs = epochs
        self._eta = eta
        self._fill(iter(architectures))

    def ask(self) -> Proposal | None:
        """Return the next training; None if the rung waits for scores, or the bracket has ended.

        It has ended if no training is `running`.
        """
        architecture = next(self._left, None)
        if architecture is None and not self.running:
            self._promote()
            architecture = next(self._left, None)
        if architecture is None:
            return None
        self._size += 1
        self.running += 1
        return Proposal(architecture, rung_epochs(self._epochs, self._eta, self._halvings))

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Record the score of a training; None if it failed."""
        self.running -= 1
        if score is not None:
            self._scored.append((score, proposal.architecture))

    def _promote(self) -> None:
        keep = self._size // self._eta if self._halvings else 0
        ranked = sorted(self._scored, key=lambda pair: pair[0], reverse=True)
        self._halvings -= 1
        self._fill(iter([architecture for _, architecture in ranked[:keep]]))

    def _fill(self, architectures: Iterator[Any]) -> None:
        self._left = architectures
        self._size = 0
        self._scored: list[tuple[float, Any]] = []
        self.running = 0
        """Number of trainings whose scores are not known yet."""


class BracketStrategy(Strategy):
    """Base class of strategies that run one bracket after another.

    Args:
        *args: Those of every strategy.
        eta: One in `eta` architectures is promoted, to a training `eta` times as long.
        min_epochs: Lower bound of the shortest training.
    """

    _redraws: ClassVar[bool] = False
    """Whether a bracket may draw architectures of earlier ones while there are others."""

    def __init__(self, *args: Any, eta: int, min_epochs: int = 1) -> None:
        super().__init__(*args)
        self._eta = eta
        self._halvings = count_halvings(self.epochs, eta, min_epochs)
        self._bracket: Bracket | None = None
        self._seen: set[str] = set()
        """Keys of the architectures that must not be drawn."""

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    def ask(self) -> Proposal | None:
        """Return the next training; None to wait until the rung is scored."""
        proposal = None if self._bracket is None else self._bracket.ask()
        if proposal is None and (self._bracket is None or not self._bracket.running):
            self._bracket = self._next_bracket()
            proposal = self._bracket.ask()
        return proposal

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Record the score for the rung's ranking; a failed training is not promoted."""
        assert self._bracket is not None
        self._bracket.tell(proposal, score)

    @abstractmethod
    def _next_bracket(self) -> Bracket:
        """Return a new bracket."""

    def _new_bracket(self, size: int, halvings: int) -> Bracket:
        """Return a bracket of so many architectures, or of all that there are."""
        drawn = (architecture for architecture in self._draw(size) if architecture is not None)
        return Bracket(drawn, halvings, self.epochs, self._eta)

    def _draw(self, size: int) -> Iterator[Any | None]:
        """Yield distinct architectures, None where no other is left."""
        if self._redraws:
            self._seen = set()
        drawn: set[str] = set()
        for _ in range(size):
            architecture = self._new_architecture()
            if architecture is None and len(self._seen) > len(drawn):
                self._seen = set(drawn)  # none is new: those of earlier brackets may come again
                architecture = self._new_architecture()
            if architecture is not None:
                drawn.add(architecture.canonical_key)
            yield architecture

    def _new_architecture(self) -> Any | None:
        """Return an architecture that is not in `_seen`, and add its key; None if none is left."""
        return self.sample_unseen(self._seen)
