"""The language model of the release around a cell, by its sizes."""

from __future__ import annotations

from search_spaces.enas_cell.architecture import Cell
from search_spaces.rnn_cell.language_model import PTB_VOCABULARY

WIDTH = 748
"""Width of embedding and cell, in the release's `scripts/ptb_final.sh`."""


def language_model_parameters(cell: Cell, vocabulary: int = PTB_VOCABULARY) -> int:
    """Return the parameters of the release's language model: one layer of 748, tied, no biases."""
    return vocabulary * WIDTH + cell.num_parameters(WIDTH, WIDTH)
