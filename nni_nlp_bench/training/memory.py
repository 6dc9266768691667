"""Freed memory that is kept for the next step of a training."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
_BYTES = 1 << 30


def disable_malloc_trim() -> None:
    """Let glibc keep what this process frees; nothing changes with another C library.

    By default it gives every large block back to the system, so that each step of a training on the
    CPU waits for the same pages again: up to half of a small model's time.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _BYTES)
        mallopt(_TRIM_THRESHOLD, _BYTES)
