"""How the supernet of each space is pruned."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name

from search_spaces.pruning import PrunableSpace

_PRUNABLE: Mapping[str, str] = {
    space: f"search_spaces.{space}.pruning:PRUNABLE"
    for space in ("emd_cell", "enas_cell", "textnas")
}
PRUNABLE_SPACES = tuple(_PRUNABLE)
"""Spaces whose supernets can be pruned."""


def prunable_space(space: str) -> PrunableSpace:
    """Return how the supernet of a space of `PRUNABLE_SPACES` is pruned."""
    prunable: PrunableSpace = resolve_name(_PRUNABLE[space])
    return prunable
