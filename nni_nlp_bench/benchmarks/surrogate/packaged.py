"""The packaged surrogates."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.surrogate.curve_model import CurveSurrogate
    from nni_nlp_bench.benchmarks.surrogate.model import Surrogate

FOLDER = Path(__file__).parent / "packaged"
PTB_VERSION = 2
"""The newest version of the surrogate on Penn Treebank."""
WIKITEXT_2_VERSION = 1
"""The newest version of the surrogate of curves on WikiText-2."""


@cache
def ptb_surrogate(version: int = PTB_VERSION) -> Surrogate:
    """Return a surrogate of NAS-Bench-NLP on Penn Treebank: test loss after 50 epochs of any cell.

    Args:
        version: 1 predicts ranks, has a lowest loss that many cells share, and differs between
            processors in the last digits; 2 has neither fault.
    """
    from nni_nlp_bench.benchmarks.surrogate.storage import load_surrogate

    return load_surrogate(FOLDER / f"ptb-v{version}")


@cache
def wikitext_2_surrogate(version: int = WIKITEXT_2_VERSION) -> CurveSurrogate:
    """Return a surrogate of NAS-Bench-NLP on WikiText-2: learning curves of any cell."""
    from nni_nlp_bench.benchmarks.surrogate.curve_storage import load_curve_surrogate

    return load_curve_surrogate(FOLDER / f"wikitext-2-v{version}", ptb_surrogate(2))
