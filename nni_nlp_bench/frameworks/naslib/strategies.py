"""NASLib's optimizers among the strategies, as `naslib:NAME`: they run on any evaluator."""

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
_GUESS = -LossUnit.NATS.failure
"""The score of what fails before any other score is known."""


class NaslibStrategy(Strategy):
    """Runs an optimizer of NASLib, which waits for each score: it keeps one worker busy.

    Options are those of NASLib's configuration, by its names. Raises NaslibError where NASLib
    cannot be imported, and UserError for an option that it does not know.
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
        self._api = _AskingApi(space, epochs, self._coroutine)

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Where and how to get NASLib, where it is not here."""
        try:
            find_naslib()
        except NaslibError as error:
            return str(error)
        return None

    def ask(self) -> Proposal | None:
        """The next architecture; None while its score is due."""
        if self._api.asked is None:
            self._coroutine.resume()
            return self._api.asked
        return None

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """NASLib knows no failures: one counts as the worst score so far."""
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
        optimizer.adapt_search_space(SpaceGraph(self.space), dataset_api=self._api)
        for epoch in count():
            optimizer.new_epoch(epoch)


class _AskingApi(DatasetApi):
    """Answers with the scores that the host tells."""

    def __init__(self, space: SearchSpace[Any], epochs: int, coroutine: ThreadCoroutine) -> None:
        self.space = space
        self.epochs = epochs
        self.asked: Proposal | None = None
        self._coroutine = coroutine
        self._score = _GUESS
        self._worst: float | None = None

    def result(self, architecture: Any, epochs: int) -> Result:
        """Pass the question on to the host, and wait for its answer."""
        self.asked = Proposal(architecture)
        self._coroutine.suspend()
        return Result(None, -self._score, None, math.nan, OK, epochs, None, "measured", "the host")

    def accuracy(self, result: Result, part: str) -> float:
        """The host's score."""
        return math.nan if result.val_loss is None else -result.val_loss

    def answer(self, score: float | None) -> None:
        """What the host found; None where the evaluation failed."""
        worst = self._worst
        if score is not None:
            self._worst = score if worst is None else min(worst, score)
        elif worst is not None:
            score = worst
        self._score = _GUESS if score is None else score
        self.asked = None


class RandomSearch(NaslibStrategy):
    """NASLib's random search: it may draw an architecture twice."""

    optimizer = "random_search"


class RegularizedEvolution(NaslibStrategy):
    """NASLib's regularised evolution: 30 architectures, the best of ten is mutated."""

    optimizer = "regularized_evolution"


class LocalSearch(NaslibStrategy):
    """NASLib's local search: all neighbours of the best of ten, then of the best of those."""

    optimizer = "local_search"


class Bananas(NaslibStrategy):
    """NASLib's BANANAS: an ensemble of predictors and Thompson sampling of mutants."""

    optimizer = "bananas"


class Npenas(NaslibStrategy):
    """NASLib's NPENAS: mutants of the best that a predictor ranks highest."""

    optimizer = "npenas"
