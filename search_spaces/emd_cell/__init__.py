"""The space of KD-NAS-EMD: a convolutional cell for sentences (Li et al., SIGIR 2021)."""

from search_spaces.emd_cell.architecture import CellError, Edge, EmdCell

__all__ = ["CellError", "Edge", "EmdCell"]
