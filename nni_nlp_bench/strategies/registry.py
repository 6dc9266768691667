"""Strategies by name: this project's and those that other packages add."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.strategies.quiet import load_nni
from nni_nlp_bench.strategies.searcher import Searcher
from search_spaces.base import SearchSpace
from search_spaces.errors import UserError
from search_spaces.extras import MissingExtraError
from search_spaces.registry import Registry

if TYPE_CHECKING:
    from nni.nas.strategy.base import Strategy

STRATEGIES: Registry[Any] = Registry("strategy", "nni_nlp_bench.strategies")
"""Each name stands for a Searcher class, or for a maker of an NNI strategy that takes `seed`."""


class UnavailableError(UserError):
    """A strategy cannot run here, or not on this benchmark."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(f"strategy {strategy!r} cannot run: {reason}")
        self.reason = reason
        """Why, and what would help, apart from the strategy's name."""


def needs_curves(name: str, options: Mapping[str, Any]) -> bool:
    """Whether the strategy, with these options, asks for shorter trainings.

    Raises UnknownNameError.
    """
    kind = STRATEGIES.get(name)
    return _is_searcher(kind) and bool(kind.shortens(options))


def check_available(name: str) -> None:
    """Raise UnavailableError for a strategy that says it cannot run here, UnknownNameError."""
    kind = STRATEGIES.get(name)
    if _is_searcher(kind):
        reason = kind.unavailable()
    else:
        reason = None if find_spec("nni") else str(MissingExtraError("nni"))
    if reason is not None:
        raise UnavailableError(name, reason)


def make_strategy(
    name: str, space: SearchSpace[Any], seed: int, epochs: int, **options: Any
) -> Strategy:
    """The NNI strategy of that name; `epochs` is a full training. Raises UnknownNameError."""
    from nni_nlp_bench.strategies.nni_strategy import SearcherStrategy

    kind = STRATEGIES.get(name)
    if _is_searcher(kind):
        searcher = kind(space, np.random.default_rng(seed), epochs, **options)
        return SearcherStrategy(searcher)
    strategy: Strategy = kind(seed=seed, **options)
    return strategy


def make_searcher(
    name: str, space: SearchSpace[Any], seed: int, epochs: int, **options: Any
) -> Searcher:
    """The strategy of that name, to ask and tell. Raises UnknownNameError."""
    kind = STRATEGIES.get(name)
    rng = np.random.default_rng(seed)
    if _is_searcher(kind):
        searcher: Searcher = kind(space, rng, epochs, **options)
        return searcher
    load_nni()
    from nni_nlp_bench.strategies.hosted import HostedStrategy

    return HostedStrategy(space, rng, epochs, strategy=kind(seed=seed, **options))


def _is_searcher(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Searcher)
