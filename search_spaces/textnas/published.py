"""The architecture that the authors of TextNAS published, as their release writes it.

Source: github.com/microsoft/TextNAS. It serves both SST-2 and SST-5.
"""

from __future__ import annotations

from search_spaces.textnas.architecture import Arc
from search_spaces.textnas.formats import from_arc_text

ARC_TEXTS = {
    "published": (
        "0 5 | "
        "1 7 0 | "
        "1 3 0 0 | "
        "3 6 0 1 1 | "
        "1 1 0 1 0 0 | "
        "0 1 0 0 1 0 1 | "
        "0 0 0 0 1 1 1 1 | "
        "4 6 0 1 1 0 0 0 0 | "
        "3 5 0 1 0 1 1 0 1 1 | "
        "2 5 0 0 0 0 0 1 0 1 1 | "
        "4 7 1 1 0 0 1 0 0 1 1 0 | "
        "4 4 1 0 0 1 1 1 1 0 0 0 0 | "
        "1 1 1 1 0 1 0 1 0 0 1 0 0 0 | "
        "1 2 1 1 0 0 0 0 1 0 0 1 1 0 1 | "
        "1 0 0 0 1 0 0 0 1 1 1 0 1 1 0 0 | "
        "0 3 1 0 0 0 0 0 1 0 0 0 1 1 0 0 1 | "
        "1 2 0 0 0 0 0 0 0 0 0 1 1 0 1 0 1 0 | "
        "0 4 0 1 1 1 1 0 0 1 0 1 0 0 0 0 1 0 0 | "
        "2 3 0 0 0 0 0 1 0 0 0 0 0 0 0 1 1 1 0 1 | "
        "2 3 0 0 0 1 0 0 0 0 0 0 1 0 0 0 1 0 0 0 0 | "
        "3 5 1 1 0 0 0 0 0 0 0 0 1 1 0 0 1 1 1 1 0 0 | "
        "4 7 0 1 1 1 0 0 0 1 0 1 1 1 1 0 1 0 0 0 0 0 0 | "
        "0 7 0 0 1 1 1 1 0 1 0 1 1 0 0 0 0 1 0 0 0 0 0 1 | "
        "1 3 1 0 0 1 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 0 0 0 0"
    )
}


def published_arc(name: str) -> Arc:
    """Return the architecture of a published name."""
    return from_arc_text(ARC_TEXTS[name])
