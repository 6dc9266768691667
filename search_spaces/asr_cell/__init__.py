"""The cell of NAS-Bench-ASR (Mehrotra et al., ICLR 2021), for networks that recognise speech."""

from search_spaces.asr_cell.architecture import AsrCell, AsrCellError, Node

__all__ = ["AsrCell", "AsrCellError", "Node"]
