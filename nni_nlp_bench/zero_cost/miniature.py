"""Scores of a narrow one-layer cell on random inputs, without a language model or text.

They take milliseconds per cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nni_nlp_bench.zero_cost.spectra import smallest_eigenvalue
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.features.untrained_dynamics import DETAILED, behaviour

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics

WIDTH = 24
STEPS = 70
SEQUENCES = 20


class MiniatureCorrelation:
    """Hidden covariance at a width of 24.

    The smallest eigenvalue of the correlation matrix of the state's units, in [0, 1]: 1 if the
    units are uncorrelated.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the eigenvalue for normally distributed inputs."""
        import torch

        from search_spaces.rnn_cell.network import RecurrentCell

        generator = torch.Generator().manual_seed(statistics.seed)
        cell = RecurrentCell(statistics.recipe, WIDTH, WIDTH, generator)
        inputs = torch.randn(STEPS, SEQUENCES, WIDTH, generator=generator)
        with torch.no_grad():
            states, _ = cell.unroll(inputs)
        return smallest_eigenvalue(states.permute(2, 1, 0).flatten(1).numpy())


class MiniatureRecall:
    """Memory capacity of the untrained cell, measured by a linear readout of its inputs.

    The sum of three coefficients of determination, in [0, 3]: of the current input, of the product
    of the current and the previous input, and of a product of two components of the previous input.
    These three were chosen among all sums of one to three of the sixteen recalls by their rank
    correlation with final PTB losses on half of the published cells; see docs/zero_cost.md.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: NetworkStatistics) -> float:
        """Return the sum, which does not depend on the seed."""
        return self.of_architecture(statistics.recipe)

    def of_architecture(self, recipe: Recipe) -> float:
        """Return the sum for a cell."""
        found = behaviour(recipe, DETAILED)
        return found["recall_0"] + found["recall_product_0_1"] + found["recall_pair_1"]


MINIATURE_CORRELATION = MiniatureCorrelation()
MINIATURE_RECALL = MiniatureRecall()
