"""One evaluation of a search: its result and its cost."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Result


def pack(architecture: Any) -> bytes:
    """Return compressed JSON text: some 200 bytes in place of several thousand."""
    return zlib.compress(architecture.to_json().encode(), 9)


def unpack(packed: bytes) -> str:
    """Return the JSON text of a packed architecture."""
    return zlib.decompress(packed).decode()


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation. Scores: higher is better; losses: lower is better."""

    index: int
    """Index in the search, from 0."""
    stored: Any
    """The proposed architecture: itself, or packed if `kind` is not None."""
    kind: type[Any] | None
    """Class of the packed architecture."""
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
    values: tuple[float, ...] | None = None
    """Values of the objectives, in a search with several; None if the training failed."""

    @property
    def architecture(self) -> Any:
        """The proposed architecture."""
        return self.stored if self.kind is None else self.kind.from_json(unpack(self.stored))

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
            **(result.metrics or {}),
            "status": result.status,
            "origin": result.origin,
            "source": result.source,
            "replaced": self.replaced,
            "epochs_trained": self.epochs_trained,
            "simulated_start_h": self.start_s / 3600,
            "simulated_end_h": self.end_s / 3600,
            "architecture": self.evaluated.to_json(),
        }
