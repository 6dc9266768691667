"""Memory allocation of trainings on the CPU."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
_BYTES = 1 << 30


def disable_malloc_trim() -> None:
    """Let glibc keep freed memory for reuse; no effect with another C library.

    By default, glibc returns large blocks to the system, and each training step on the CPU waits
    for new pages: up to half of the time of a small model.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _BYTES)
        mallopt(_TRIM_THRESHOLD, _BYTES)
