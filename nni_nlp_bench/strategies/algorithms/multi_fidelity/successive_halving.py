"""Successive halving (Jamieson and Talwalkar, 2016, arXiv 1502.07943)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.multi_fidelity.brackets import Bracket, BracketStrategy


class SuccessiveHalving(BracketStrategy):
    """One bracket of successive halving, repeated with new architectures.

    A bracket has `eta**s` architectures, so that one of them is trained to the end, where s is the
    number of halvings from a full training down to `min_epochs`. The paper halves (`eta=2`) and
    divides a given budget; here the shortest training is given, and `eta` is Hyperband's.
    """

    def __init__(self, *args: Any, eta: int = 3, min_epochs: int = 1) -> None:
        super().__init__(*args, eta=eta, min_epochs=min_epochs)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Exclude it from later brackets while there are other architectures."""
        self._seen.add(architecture.canonical_key)

    def _next_bracket(self) -> Bracket:
        return self._new_bracket(self._eta**self._halvings, self._halvings)
