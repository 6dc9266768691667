"""Predictors for NASLib: its own ones, and zero-cost scores of this package. Imports NASLib.

Names are NASLib's ensembles (`lgb`, `mlp`, `gcn`, ...), `zero_cost:MEASURE` for zero-cost measures
of NASLib, and `score:NAME` for zero-cost scores of this package.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from naslib.predictors.ensemble import Ensemble
from naslib.predictors.predictor import Predictor
from naslib.predictors.zerocost import ZeroCost
from numpy.typing import NDArray
from torch import nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph

ZERO_COST, SCORE = "zero_cost:", "score:"
JACOBIAN = ("epe_nas", "jacov")
"""Measures based on gradients with respect to the word vectors, for all networks."""
WEIGHTS = ("fisher", "grad_norm", "grasp", "l2_norm", "plain", "snip", "synflow")
"""Measures that are sums over the weights of nn.Linear and nn.Conv2d."""
MIN_COVERAGE = 0.9
"""Fraction of a network's weights that a measure based on weights must cover."""
NO_SCORE = -1e8
ENSEMBLES = ("bananas", "bonas", "dngo", "gcn", "lgb", "mlp", "nao", "rf", "xgb", "ngb")


class Predictors(Ensemble):  # type: ignore[misc]
    """NASLib's ensemble in double precision, the only one that NASLib can write as JSON."""

    def query(self, xtest: Any, info: Any = None) -> NDArray[np.float64]:
        """Return predicted accuracies of shape (1, architectures)."""
        return np.asarray(super().query(xtest, info), dtype=np.float64)


class ScorePredictor(Predictor):  # type: ignore[misc]
    """Zero-cost score of this package as a predictor without fitting (higher is better).

    Non-finite scores are replaced with -1e8, as in NASLib's own measures.

    Args:
        score: Name of the score.
        space: Name of the search space.
    """

    def __init__(self, score: str, space: str) -> None:
        super().__init__()
        self.method_type = score
        self._scorer = ZeroCostScorer(score, space=space)

    def query(
        self, graphs: SpaceGraph | list[SpaceGraph], info: Any = None, dataloader: Any = None
    ) -> float | NDArray[np.float64]:
        """Return the score of a graph, or of each graph in a list."""
        if isinstance(graphs, SpaceGraph):
            score = float(self._scorer(graphs.chosen))
            return score if math.isfinite(score) else NO_SCORE
        return np.array([self.query(graph) for graph in graphs])


class ZeroCostPredictor(ZeroCost):  # type: ignore[misc]
    """Zero-cost measure of NASLib, for networks that it is applicable to.

    Args:
        measure: Name of the measure.

    Raises:
        UserError: the measure is not applicable to networks of words; or, at `query`, it does not
            cover the weights of the network.
    """

    def __init__(self, measure: str) -> None:
        if measure not in (*JACOBIAN, *WEIGHTS):
            known = ", ".join((*JACOBIAN, *WEIGHTS))
            raise UserError(
                f"{measure!r} is not a measure of NASLib for networks of words; known: {known}"
            )
        super().__init__(method_type=measure)

    def query(self, graph: SpaceGraph, dataloader: Any = None, info: Any = None) -> float:
        """Return the measure (higher is better), -1e8 if it is not finite."""
        if self.method_type in WEIGHTS:
            _check_weights(graph, self.method_type)
        return float(super().query(graph, dataloader=dataloader, info=info))


def _check_weights(graph: SpaceGraph, measure: str) -> None:
    covered = [m.weight.numel() for m in graph.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    share = sum(covered) / sum(p.numel() for p in graph.parameters() if p.dim() > 1)
    if share < MIN_COVERAGE:
        raise UserError(
            f"{measure} of NASLib only covers nn.Linear and nn.Conv2d, {share:.0%} of the weights "
            f"of this network of {graph.space_name}; use {' or '.join(JACOBIAN)}"
        )


def make_predictor(name: str, graph: SpaceGraph) -> Any:
    """Return a predictor for architectures of the graph's space.

    Args:
        name: Name of an ensemble of NASLib, `zero_cost:MEASURE` or `score:NAME`.
        graph: Graph of the search space.

    Raises:
        UserError: the predictor is unknown.
    """
    if name.startswith(SCORE):
        return ScorePredictor(name.removeprefix(SCORE), graph.space_name)
    if name.startswith(ZERO_COST):
        return ZeroCostPredictor(name.removeprefix(ZERO_COST))
    if name not in ENSEMBLES:
        known = ", ".join(ENSEMBLES)
        raise UserError(
            f"unknown predictor {name!r}; known: {known}, {ZERO_COST}MEASURE, {SCORE}NAME"
        )
    return Predictors(num_ensemble=1, ss_type=graph.get_type(), predictor_type=name)
