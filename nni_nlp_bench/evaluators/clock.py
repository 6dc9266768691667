"""Simulated wall clock of a search on n workers that train in parallel."""

from __future__ import annotations

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """When a simulated training ran, in seconds since the search began."""

    start_s: float
    end_s: float


class SimulatedClock:
    """Gives each training to the worker that is free first."""

    def __init__(self, workers: int = 1) -> None:
        if workers < 1:
            raise ValueError(f"a search needs at least one worker, got {workers}")
        self.workers = workers
        self._free_at = [0.0] * workers
        self._end = 0.0

    def run(self, duration_s: float, after_s: float = 0.0) -> Interval:
        """Spend `duration_s` seconds on the next free worker, which first waits until `after_s`."""
        start = heapq.heappop(self._free_at)
        end = max(start, after_s) + duration_s
        heapq.heappush(self._free_at, end)
        self._end = max(self._end, end)
        return Interval(start, end)

    def wait_until(self, time_s: float) -> None:
        """Let every free worker be idle until then: nothing was proposed before."""
        self._free_at = [max(free, time_s) for free in self._free_at]
        heapq.heapify(self._free_at)

    @property
    def next_free_s(self) -> float:
        """When the next worker is free."""
        return self._free_at[0]

    @property
    def end_s(self) -> float:
        """When the last training given out so far ends."""
        return self._end
