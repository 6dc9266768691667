"""Tasks in a module that workers can import."""

from __future__ import annotations

import os
import signal
import time

from nni_nlp_bench.core.errors import UserError


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
