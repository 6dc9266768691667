"""The space of TextNAS (Wang et al., 2020, arXiv 1912.10729)."""

from search_spaces.textnas.architecture import Arc, ArcError, Layer

__all__ = ["Arc", "ArcError", "Layer"]
