"""NPENAS (Wei et al., 2022, arXiv 2003.12857)."""

from __future__ import annotations

import numpy as np

from nni_nlp_bench.strategies.algorithms.model_based.bananas import Bananas
from nni_nlp_bench.strategies.algorithms.model_based.predictor_based import Array


class Npenas(Bananas):
    """Evolution whose offspring is selected by a predictor, variant NP.

    Of the candidates near the ten best architectures, the ten with the highest predictions are
    evaluated. The predictor is one of BANANAS' networks instead of the paper's graph network.
    """

    ensemble = 1

    def _values(self, predicted: Array) -> Array:
        return np.asarray(predicted[0])
