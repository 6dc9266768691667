"""Time limit of the training of a language model, with a measurement of its speed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.threads import thread_counts, torch_threads
from nni_nlp_bench.training.trainer import Trainer

PROBED_WINDOWS = 4
WITH_EVALUATION = 1.5
"""Time of an epoch with the evaluations after it, in units of that of its training: they pass over
all tokens once more, without gradients."""


class TimeLimit:
    """Decides before every epoch whether it fits into the time.

    Args:
        seconds: Seconds that the training may take.
        started: When it started, by the clock.
        clock: Seconds from any origin.
    """

    def __init__(
        self, seconds: float, started: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds, self.started, self.clock = seconds, started, clock
        self._last: float | None = None
        self._longest = 0.0

    def fastest_threads(self, trainer: Callable[[], Trainer], threads: int | None) -> int:
        """Time the steps of a few windows, and return the number of threads that is the fastest.

        Args:
            trainer: Makes a trainer, which is used up.
            threads: Number of threads; None to try one, and one per available CPU.

        Raises:
            UserError: Not even one epoch fits.
        """
        seconds = {count: _epoch_seconds(trainer(), count) for count in thread_counts(threads)}
        fastest = min(seconds, key=seconds.__getitem__)
        if seconds[fastest] > self.seconds:
            raise UserError(
                f"one epoch takes about {seconds[fastest]:.0f} s here, longer than the time limit "
                f"of {self.seconds:g} s: allow more time, or take a smaller network or corpus"
            )
        return fastest

    def allows_epoch(self) -> bool:
        """Return whether an epoch fits that is as long as the longest one of this session."""
        now = self.clock()
        if self._last is not None:
            self._longest = max(self._longest, now - self._last)
        self._last = now
        return now + self._longest <= self.started + self.seconds


def _epoch_seconds(trainer: Trainer, threads: int) -> float:
    """Estimate the time of an epoch by the median of a few windows, after one of warm-up."""
    rows, ends = [0], [time.perf_counter()]

    def after_step(done: int, total: int) -> None:
        rows.append(done)
        ends.append(time.perf_counter())

    with torch_threads(threads, parameters=0):
        trainer.train_epoch(after_step, stop=lambda: len(ends) > 1 + PROBED_WINDOWS)
    warm_up = 1 if len(ends) > 2 else 0  # one window may hold all rows
    per_row = np.diff(ends)[warm_up:] / np.diff(rows)[warm_up:]
    return WITH_EVALUATION * float(np.median(per_row)) * len(trainer.rows)
