"""Hyperband (Li et al., 2018, arXiv 1603.06560)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.strategies.base import Proposal, Strategy


class Hyperband(Strategy):
    """Brackets of successive halving, from many short trainings to few full ones, repeated.

    The settings of the NAS-Bench-NLP release: R = a full training, eta = 3.
    """

    def __init__(self, *args: Any, eta: int = 3) -> None:
        super().__init__(*args)
        self._eta = eta
        self._brackets = 0
        while eta ** (self._brackets + 1) <= self.epochs:
            self._brackets += 1
        self._bracket = self._brackets
        self._start_bracket()

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    def ask(self) -> Proposal | None:
        """Return the next training of the rung; None to wait until the rung is scored."""
        if not self._queue and not self._pending:
            self._next_rung()
        if not self._queue:
            return None
        self._pending += 1
        return Proposal(self._queue.popleft(), self._rung_epochs())

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Record the score for the rung's ranking; a failed training is not promoted."""
        self._pending -= 1
        if score is not None:
            self._scored.append((score, proposal.architecture))

    def _start_bracket(self) -> None:
        count = -(-(self._brackets + 1) * self._eta**self._bracket // (self._bracket + 1))
        seen: set[str] = set()  # of this bracket: the next may draw them again
        drawn = (self.sample_unseen(seen) for _ in range(count))
        self._fill([architecture for architecture in drawn if architecture is not None], rung=0)

    def _next_rung(self) -> None:
        keep = (self._rung_size // self._eta) if self._rung < self._bracket else 0
        ranked = sorted(self._scored, key=lambda pair: pair[0], reverse=True)
        if keep and ranked:
            self._fill([architecture for _, architecture in ranked[:keep]], self._rung + 1)
        else:
            self._bracket = self._bracket - 1 if self._bracket else self._brackets
            self._start_bracket()

    def _fill(self, architectures: list[Any], rung: int) -> None:
        self._rung = rung
        self._rung_size = len(architectures)
        self._queue = deque(architectures)
        self._scored: list[tuple[float, Any]] = []
        self._pending = 0

    def _rung_epochs(self) -> int:
        rungs_left: int = self._bracket - self._rung
        return max(1, round(self.epochs / float(self._eta**rungs_left)))
