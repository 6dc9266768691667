"""Predictors for NASLib: its own by name, and zero-cost scores. Importing this imports NASLib.

A name is one of NASLib's ensembles (`lgb`, `mlp`, `gcn`, ...), `zero_cost:` and one of its measures
of untrained networks, or `score:` and a zero-cost score of this project.
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
from nni_nlp_bench.frameworks.naslib.word_batch import WordBatch

ZERO_COST, SCORE = "zero_cost:", "score:"
JACOBIAN = ("epe_nas", "jacov")
"""Measures of gradients with respect to the word vectors: they apply to every network."""
WEIGHTS = ("fisher", "grad_norm", "grasp", "l2_norm", "plain", "snip", "synflow")
"""Measures that add up over the weights of nn.Linear and nn.Conv2d."""
LEAST_SHARE = 0.9
"""Of a network's weights that a measure of weights has to see, to say something of the network."""
NO_SCORE = -1e8
ENSEMBLES = ("bananas", "bonas", "dngo", "gcn", "lgb", "mlp", "nao", "rf", "xgb", "ngb")


class Predictors(Ensemble):  # type: ignore[misc]
    """NASLib's ensemble of one, in double precision: NASLib's evaluator writes no other as JSON."""

    def query(self, xtest: Any, info: Any = None) -> NDArray[np.float64]:
        """Predicted accuracies, (1, architectures)."""
        return np.asarray(super().query(xtest, info), dtype=np.float64)


class ScorePredictor(Predictor):  # type: ignore[misc]
    """A zero-cost score as a predictor that is never fitted: higher is better.

    NASLib's predictor evaluator asks for a list of graphs, its zero-cost evaluator for one. A
    network that has no finite score gets -1e8, as NASLib's own measures give.
    """

    def __init__(self, score: str, space: str) -> None:
        super().__init__()
        self.method_type = score
        self._preference = ZeroCostScorer(score, space=space)

    def query(
        self, graphs: SpaceGraph | list[SpaceGraph], info: Any = None, dataloader: Any = None
    ) -> float | NDArray[np.float64]:
        """The score of each graph."""
        if isinstance(graphs, SpaceGraph):
            score = float(self._preference(graphs.chosen))
            return score if math.isfinite(score) else NO_SCORE
        return np.array([self.query(graph) for graph in graphs])


class ZeroCostPredictor(ZeroCost):  # type: ignore[misc]
    """One of NASLib's zero-cost measures, only for networks that it sees.

    Raises UserError for a measure that applies to no network of words, and at `query` for a network
    whose weights it statistics by.
    """

    def __init__(self, measure: str) -> None:
        if measure not in (*JACOBIAN, *WEIGHTS):
            known = ", ".join((*JACOBIAN, *WEIGHTS))
            raise UserError(
                f"{measure!r} is no measure of NASLib's for networks of words; known: {known}"
            )
        super().__init__(method_type=measure)

    def query(self, graph: SpaceGraph, dataloader: Any = None, info: Any = None) -> float:
        """The measure, higher is better; NASLib gives -1e8 where it is not finite."""
        if self.method_type in WEIGHTS:
            _check_weights(graph, self.method_type)
        return float(super().query(graph, dataloader=dataloader, info=info))


def _check_weights(graph: SpaceGraph, measure: str) -> None:
    seen = [m.weight.numel() for m in graph.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    share = sum(seen) / sum(p.numel() for p in graph.parameters() if p.dim() > 1)
    if share < LEAST_SHARE:
        raise UserError(
            f"NASLib's {measure} adds up over nn.Linear and nn.Conv2d: they hold {share:.0%} of "
            f"the weights of this network of {graph.space_name}; use {' or '.join(JACOBIAN)}"
        )


def make_predictor(name: str, graph: SpaceGraph, batch: WordBatch | None = None) -> Any:
    """The predictor of that name, for architectures of the graph's space. Raises UserError."""
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
