"""Rows of predictions by architecture, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_CACHED = 50_000

Values = NDArray[np.float64]


@dataclass
class RowCache:
    """Caches one row of numbers for each canonical key."""

    _rows: dict[str, bytes] = field(default_factory=dict, repr=False)

    def rows(
        self,
        architectures: Sequence[Any],
        width: int,
        compute: Callable[[Mapping[str, Any]], Values],
    ) -> Values:
        """Return the rows (architectures, width) of architectures.

        Args:
            architectures: Architectures, equal ones included.
            width: Numbers in a row.
            compute: Returns the rows of the architectures that are not cached, by key.
        """
        keys = [architecture.canonical_key for architecture in architectures]
        if len(self._rows) > MOST_CACHED:
            self._rows.clear()
        pairs = zip(keys, architectures, strict=True)
        new = {key: architecture for key, architecture in pairs if key not in self._rows}
        if new:
            self._rows.update(zip(new, (row.tobytes() for row in compute(new)), strict=True))
        return np.frombuffer(b"".join(self._rows[key] for key in keys)).reshape(len(keys), width)
