"""The cells that the authors of ENAS published, as their release writes them.

Source: README and `scripts/ptb_final.sh` of github.com/melodyguan/enas; how a sequence is read:
`_rhn_fixed` in `src/ptb/ptb_enas_child.py`, whose nodes count from 0.
"""

from __future__ import annotations

from search_spaces.enas_cell.architecture import Cell, Node

# The cell of the paper's figure on Penn Treebank.
SEQUENCES = {"enas_ptb": "0 0 0 1 1 2 1 2 0 2 0 5 1 1 0 6 1 8 1 8 1 8 1"}
_ACTIVATIONS = ("tanh", "relu", "identity", "sigmoid")


def published_cell(name: str) -> Cell:
    """Return the cell of a published name: first an activation, then predecessor and activation."""
    first, *rest = (int(token) for token in SEQUENCES[name].split())
    pairs = zip(rest[::2], rest[1::2], strict=True)
    later = (Node(predecessor + 1, _ACTIVATIONS[kind]) for predecessor, kind in pairs)
    return Cell((Node(0, _ACTIVATIONS[first]), *later))
