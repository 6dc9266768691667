"""Simulated wall clock of a search on parallel workers."""

from __future__ import annotations

import heapq
from typing import NamedTuple


class Interval(NamedTuple):
    """Time span of a simulated training, in seconds since the start of the search."""

    start_s: float
    end_s: float


class SimulatedClock:
    """Assigns each training to the worker that is free first."""

    def __init__(self, workers: int = 1) -> None:
        if workers < 1:
            raise ValueError(f"a search needs at least one worker, got {workers}")
        self.workers = workers
        self._free_at = [0.0] * workers
        self._end = 0.0

    def run(self, duration_s: float, after_s: float = 0.0) -> Interval:
        """Run for `duration_s` seconds on the next free worker, not before `after_s`."""
        start = heapq.heappop(self._free_at)
        end = max(start, after_s) + duration_s
        heapq.heappush(self._free_at, end)
        self._end = max(self._end, end)
        return Interval(start, end)

    def wait_until(self, time_s: float) -> None:
        """Keep all free workers idle until then."""
        if time_s > self._free_at[0]:
            self._free_at = [max(free, time_s) for free in self._free_at]
            heapq.heapify(self._free_at)

    @property
    def next_free_s(self) -> float:
        """Time when the next worker is free."""
        return self._free_at[0]

    @property
    def end_s(self) -> float:
        """End time of the last assigned training."""
        return self._end
