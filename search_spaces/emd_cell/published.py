"""The one cell that is known in the form of KD-NAS-EMD's release.

It is the example of that form; nothing is known of its results. The cells that the paper found
could not be read.
"""

from __future__ import annotations

from search_spaces.emd_cell.architecture import EmdCell
from search_spaces.emd_cell.genotype import from_genotype

GENOTYPES = {
    "example": (
        "normal=[[('stdconv_5',0),('dilconv_3',1)],[('avg_pool_3x3',2),('stdconv_3',0)],"
        "[('max_pool_3x3',3),('max_pool_3x3',2)]]"
    )
}


def published_cell(name: str) -> EmdCell:
    """Return the cell of a published name."""
    return from_genotype(GENOTYPES[name])
