"""The recurrent cell of ENAS (Pham et al., 2018, arXiv 1802.03268)."""

from search_spaces.enas_cell.architecture import Cell, CellError, Node

__all__ = ["Cell", "CellError", "Node"]
