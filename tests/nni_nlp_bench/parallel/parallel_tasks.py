"""Tasks in a module that workers can import."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy

OTHERS = 9


def slow_square(number: int) -> tuple[int, int]:
    time.sleep(0.4)
    return number * number, os.getpid()


def odd_ones_fail(number: int) -> int:
    if number % 2:
        raise UserError(f"{number} is odd")
    return number


def kills_its_worker(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


class KillsItsWorkerOnce(Strategy):
    """Random search whose fifth proposal kills the process, unless the file exists."""

    def __init__(self, *args: Any, marker: str) -> None:
        super().__init__(*args)
        self.marker, self.asked = Path(marker), 0

    def ask(self) -> Proposal:
        """Return a sample."""
        self.asked += 1
        if self.asked == 5 and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Proposal(self.space.sample(self.rng))


class Fails(Strategy):
    """A strategy that ends with an error."""

    def ask(self) -> Proposal:
        """Raise UserError."""
        raise UserError("out of ideas")


def with_progress(
    numbers: list[int], progress: Callable[[str, float], None] = lambda what, share: None
) -> tuple[int, str]:
    progress("adding", 0.5)
    return sum(numbers), str(Path.cwd())


def fails_with_progress(progress: Callable[[str, float], None] = lambda what, share: None) -> None:
    raise UserError("out of ideas")


def kills_its_worker_once(numbers: list[int], marker: Path) -> int:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(numbers)


def first_waits_for_others(job: tuple[Path, int]) -> bool:
    """Leave a file; the first task waits for those of all others, at most a minute."""
    folder, number = job
    if number:
        (folder / str(number)).touch()
        return True
    end = time.monotonic() + 60
    while len(list(folder.iterdir())) < OTHERS and time.monotonic() < end:
        time.sleep(0.01)
    return len(list(folder.iterdir())) == OTHERS
