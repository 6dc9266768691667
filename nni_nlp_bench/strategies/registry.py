"""Strategies by name: this project's and those that other packages add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.strategies.searcher import Searcher
from search_spaces.base import SearchSpace
from search_spaces.registry import Registry

if TYPE_CHECKING:
    from nni.nas.strategy.base import Strategy

STRATEGIES: Registry[Any] = Registry("strategy", "nni_nlp_bench.strategies")
"""Each name stands for a Searcher class, or for a maker of an NNI strategy that takes `seed`."""


def needs_curves(name: str) -> bool:
    """Whether the strategy asks for shorter trainings. Raises UnknownNameError."""
    return bool(getattr(STRATEGIES.get(name), "needs_curves", False))


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
    """The strategy of that name to ask and tell without an engine. Raises UnknownNameError."""
    kind = STRATEGIES.get(name)
    rng = np.random.default_rng(seed)
    if _is_searcher(kind):
        searcher: Searcher = kind(space, rng, epochs, **options)
        return searcher
    from nni_nlp_bench.strategies.hosted import HostedStrategy

    return HostedStrategy(space, rng, epochs, strategy=kind(seed=seed, **options))


def _is_searcher(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Searcher)
