"""Random search without replacement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy


class RandomSearch(Strategy):
    """Proposes samples of the space's distribution without duplicates.

    `share` is the length of each training as a fraction of a full one, at least one epoch.
    """

    objective_counts = (1, None)

    def __init__(self, *args: Any, share: float = 1.0) -> None:
        super().__init__(*args)
        if not 0 < share <= 1:
            raise UserError(f"random: share {share} of a training must be above 0 and at most 1")
        self._stop_after = max(1, round(share * self.epochs)) if share < 1 else None
        self._seen: set[str] = set()

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True if trainings are shorter than a full one."""
        return bool(options.get("share", 1.0) != 1)

    def ask(self) -> Proposal | None:
        """Return a new random architecture; None if the space seems exhausted."""
        architecture = self.sample_unseen(self._seen)
        return None if architecture is None else Proposal(architecture, self._stop_after)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Exclude it from later proposals."""
        self._seen.add(architecture.canonical_key)
