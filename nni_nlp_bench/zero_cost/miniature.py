"""Scores of a cell in miniature: narrow, one layer, random inputs, neither model nor text.

They cost milliseconds a cell.
"""

from __future__ import annotations

from typing import ClassVar

import torch

from nni_nlp_bench.zero_cost.passes import NetworkStatistics
from nni_nlp_bench.zero_cost.spectra import smallest_eigenvalue
from search_spaces.rnn_cell.features.untrained_dynamics import behaviour
from search_spaces.rnn_cell.network import RecurrentCell

WIDTH = 24
STEPS = 70
SEQUENCES = 20


class MiniatureCorrelation:
    """How independent the units of the state are: hidden covariance at a width of 24.

    The smallest eigenvalue of their correlations, between 0 and 1.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """The eigenvalue, for inputs from a normal distribution; the seed is that of the passes."""
        generator = torch.Generator().manual_seed(passes.seed)
        cell = RecurrentCell(passes.recipe, WIDTH, WIDTH, generator)
        inputs = torch.randn(STEPS, SEQUENCES, WIDTH, generator=generator)
        with torch.no_grad():
            states, _ = cell.unroll(inputs)
        return smallest_eigenvalue(states.permute(2, 1, 0).flatten(1).numpy())


class MiniatureRecall:
    """What a linear read-out of the untrained cell gives back of its inputs (`behaviour.py`).

    The sum of three shares of variance explained, between 0 and 3: of the present input, of the
    product of the present and the previous one, and of a product of two parts of the previous one.
    These three were chosen among all sums of one to three of the sixteen recalls by their rank
    correlation with final PTB losses on half of the published cells; see docs/zero_cost.md.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, passes: NetworkStatistics) -> float:
        """The sum; it does not depend on the seed."""
        found = behaviour(passes.recipe)
        return found["recall_0"] + found["recall_product_0_1"] + found["recall_pair_1"]


MINIATURE_CORRELATION = MiniatureCorrelation()
MINIATURE_RECALL = MiniatureRecall()
