"""The packaged surrogate."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.surrogate.model import Surrogate

PTB_FOLDER = Path(__file__).parent / "ptb"


@cache
def ptb_surrogate() -> Surrogate:
    """Return the surrogate of NAS-Bench-NLP on PTB: test loss after 50 epochs of any cell."""
    from nni_nlp_bench.benchmarks.surrogate.storage import load_surrogate

    return load_surrogate(PTB_FOLDER)
