"""Import a library without its optional dependencies, for short-lived processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def block_imports(*libraries: str) -> Iterator[None]:
    """Import in the block as if these were not installed, unless they are loaded already.

    Only for a process that trains or answers one architecture and ends: what was imported in the
    block does without them for good.
    """
    hidden = [name for name in libraries if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: no such module
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
