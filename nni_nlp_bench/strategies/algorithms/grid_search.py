"""Every architecture of a table, each once."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy


class GridSearch(Strategy):
    """Proposes the architectures of a table in random order. Raises UserError without a table."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        table = self.space.table
        if table is None:
            raise UserError("strategy 'grid' walks over a table: restrict the search to one")
        self._left = [table[i] for i in self.rng.permutation(len(table))]

    def ask(self) -> Proposal | None:
        """The next architecture; None after the last."""
        return Proposal(self._left.pop()) if self._left else None

    def add_observation(self, architecture: Any, score: float) -> None:
        """Known already: it is not proposed any more."""
        self._left = [a for a in self._left if a != architecture]
