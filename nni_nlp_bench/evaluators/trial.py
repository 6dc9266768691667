"""One evaluation of a search: its result and its cost."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Result


@dataclass(frozen=True, slots=True)
class StoredArchitecture:
    """An architecture as compressed JSON: about 200 bytes instead of several thousand."""

    kind: type[Any]
    packed: bytes

    @classmethod
    def of(cls, architecture: Any) -> StoredArchitecture:
        """Store an architecture."""
        return cls(type(architecture), zlib.compress(architecture.to_json().encode()))

    def restore(self) -> Any:
        """Return the architecture."""
        return self.kind.from_json(zlib.decompress(self.packed).decode())


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation. Scores: higher is better; losses: lower is better."""

    index: int
    """Index in the search, from 0."""
    stored: Any
    """The proposed architecture, or a StoredArchitecture of it."""
    nearest: Any
    """The evaluated architecture if it was replaced (`on_missing="nearest"`), else None."""
    key: str
    """Canonical key of the architecture that was evaluated."""
    result: Result
    score: float
    """Negative objective loss; that of a uniform guess for a failed training."""
    epochs_trained: int
    """Epochs charged: those beyond the checkpoint of an earlier trial."""
    start_s: float
    end_s: float
    """Simulated time of this training, in seconds since the search began."""

    @property
    def architecture(self) -> Any:
        """The proposed architecture."""
        stored = self.stored
        return stored.restore() if isinstance(stored, StoredArchitecture) else stored

    @property
    def evaluated(self) -> Any:
        """The evaluated architecture."""
        return self.architecture if self.nearest is None else self.nearest

    @property
    def replaced(self) -> bool:
        """Whether the result belongs to the nearest architecture of the table."""
        return self.nearest is not None

    @property
    def failed(self) -> bool:
        """Whether the training failed."""
        return self.result.status != OK

    def to_dict(self) -> dict[str, Any]:
        """Return one row of a table: plain values, times in simulated hours."""
        result = self.result
        return {
            "trial": self.index,
            "canonical_key": self.key,
            "epoch": result.epoch,
            "train_loss": result.train_loss,
            "val_loss": result.val_loss,
            "test_loss": result.test_loss,
            "std": result.std,
            "status": result.status,
            "origin": result.origin,
            "source": result.source,
            "replaced": self.replaced,
            "epochs_trained": self.epochs_trained,
            "simulated_start_h": self.start_s / 3600,
            "simulated_end_h": self.end_s / 3600,
            "architecture": self.evaluated.to_json(),
        }
