"""Hyperband (Li et al., 2018, arXiv 1603.06560)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.multi_fidelity.brackets import Bracket, BracketStrategy


class Hyperband(BracketStrategy):
    """Brackets of successive halving, from many short trainings to few full ones, repeated.

    The settings of the NAS-Bench-NLP release: R = a full training, eta = 3. A bracket may draw the
    architectures of earlier ones again.
    """

    _redraws = True

    def __init__(self, *args: Any, eta: int = 3) -> None:
        super().__init__(*args, eta=eta)
        self._next_halvings = self._halvings

    def _next_bracket(self) -> Bracket:
        halvings = self._next_halvings
        self._next_halvings = halvings - 1 if halvings else self._halvings
        size = -(-(self._halvings + 1) * self._eta**halvings // (halvings + 1))
        return self._new_bracket(size, halvings)
