"""Blocking of optional imports in short-lived processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def block_imports(*libraries: str) -> Iterator[None]:
    """Context in which these libraries seem not to be installed, unless already loaded.

    Only for processes that evaluate one architecture and exit: modules imported in the context
    never use them.
    """
    hidden = [name for name in libraries if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: no such module
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
