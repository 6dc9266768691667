"""NASLib's optimizers as strategies `naslib:NAME`."""

from __future__ import annotations

import math
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, Result
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.frameworks.naslib.configuration import (
    check_options,
    make_optimizer,
    search_configuration,
)
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.locate import NaslibError, find_naslib
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.thread_coroutine import ThreadCoroutine
from search_spaces.base import SearchSpace

UNLIMITED = 10**9
_FAILURE_SCORE = -LossUnit.NATS.failure
"""Score of a failure before any other score is known."""


class NaslibStrategy(Strategy):
    """Strategy that runs a NASLib optimizer, which is sequential: it uses one worker.

    Args:
        space: Search space.
        rng: Source of randomness.
        epochs: Epochs of a full training.
        **options: Options of NASLib's configuration.

    Raises:
        NaslibError: NASLib cannot be imported.
        UserError: an option is unknown.
    """

    optimizer: ClassVar[str]

    def __init__(
        self, space: SearchSpace[Any], rng: np.random.Generator, epochs: int, **options: Any
    ) -> None:
        from nni_nlp_bench.frameworks.naslib.compat import prepare

        super().__init__(space, rng, epochs)
        check_options(self.optimizer, options)
        prepare()
        self._seed = int(rng.integers(2**31))
        self._options = options
        self._coroutine = ThreadCoroutine(self._optimize, self._seed)
        self._api = _AskTellApi(space, epochs, self._coroutine)

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return how to install NASLib, if it is missing."""
        try:
            find_naslib()
        except NaslibError as error:
            return str(error)
        return None

    def ask(self) -> Proposal | None:
        """Return the next architecture; None while its score is pending."""
        if self._api.proposal is None:
            self._coroutine.resume()
            return self._api.proposal
        return None

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report a score; a failure counts as the worst score so far, as NASLib has no failures."""
        self._api.answer(score)

    def close(self) -> None:
        """End the optimizer's thread."""
        self._coroutine.close()

    def _optimize(self) -> None:
        from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph

        configuration = search_configuration(
            dataset="",
            space=self.space.name,
            trials=UNLIMITED,
            full_training=self.epochs,
            seed=self._seed,
            folder=Path(),
            options=self._options,
        )
        optimizer = make_optimizer(self.optimizer, configuration)
        graph = SpaceGraph(self.space)
        graph.features = self._options.get("features", graph.features)
        optimizer.adapt_search_space(graph, dataset_api=self._api)
        for epoch in count():
            optimizer.new_epoch(epoch)


class _AskTellApi(DatasetApi):
    """`dataset_api` that returns the scores reported to the strategy."""

    def __init__(self, space: SearchSpace[Any], epochs: int, coroutine: ThreadCoroutine) -> None:
        self.space = space
        self.epochs = epochs
        self.proposal: Proposal | None = None
        self._coroutine = coroutine
        self._score = _FAILURE_SCORE
        self._worst: float | None = None

    def result(self, architecture: Any, epochs: int) -> Result:
        """Propose the architecture, and suspend the optimizer until its score is reported."""
        self.proposal = Proposal(architecture)
        self._coroutine.suspend()
        return Result(
            None, -self._score, None, math.nan, OK, epochs, None, "measured", "ask-and-tell"
        )

    def accuracy(self, result: Result, part: str) -> float:
        """Return the reported score."""
        return math.nan if result.val_loss is None else -result.val_loss

    def answer(self, score: float | None) -> None:
        """Set the reported score; None if the evaluation failed."""
        worst = self._worst
        if score is not None:
            self._worst = score if worst is None else min(worst, score)
        elif worst is not None:
            score = worst
        self._score = _FAILURE_SCORE if score is None else score
        self.proposal = None


class RandomSearch(NaslibStrategy):
    """NASLib's random search, with replacement."""

    optimizer = "random_search"


class RegularizedEvolution(NaslibStrategy):
    """NASLib's regularised evolution: population of 30, tournaments of 10."""

    optimizer = "regularized_evolution"


class LocalSearch(NaslibStrategy):
    """NASLib's local search: starts with the best of 10, evaluates all neighbours of the best."""

    optimizer = "local_search"


class Bananas(NaslibStrategy):
    """NASLib's BANANAS: an ensemble of predictors and Thompson sampling of mutants."""

    optimizer = "bananas"


class Npenas(NaslibStrategy):
    """NASLib's NPENAS: mutants of the best architectures, ranked by a predictor."""

    optimizer = "npenas"
