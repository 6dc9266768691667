"""Strategies with their options, under names: those of NAS-Bench-NLP's comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.strategies.run import Search
from search_spaces.registry import UnknownNameError


@dataclass(frozen=True)
class Method:
    """One way to search."""

    name: str
    strategy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the strategy, by name."""
    evaluations: int | None = None
    """Most evaluations of a search; None for what the budget allows."""

    def __str__(self) -> str:
        """The strategy with its options."""
        return ", ".join(
            [self.strategy, *(f"{name} {value}" for name, value in self.options.items())]
        )

    def search(self, seed: int, settings: Settings, restrict: bool) -> Search:
        """Its search with that seed."""
        if self.evaluations is not None:
            budget = replace(settings.budget, evaluations=self.evaluations)
            settings = replace(settings, budget=budget)
        return Search(self.strategy, seed, settings, restrict, dict(self.options), self.name)


PAPER = (
    Method("random", "random"),
    Method("random_fifth", "random", {"share": 0.2}),
    Method("hyperband", "hyperband"),
    Method("bayesian_50d", "bayesian", {"components": 50}),
    Method("bayesian_10d", "bayesian", {"components": 10}),
    Method("regularized_evolution", "regularized_evolution"),
    Method("tpe", "tpe"),
    Method("forest_ei", "bayesian", {"components": 10, "model": "forest", "acquisition": "ei"}),
)
"""The baselines of NAS-Bench-NLP's release. `random_fifth` trains 10 epochs of 50; `forest_ei`
stands in for SMAC. docs/study.md tells how each differs from the release's."""
NASLIB = "naslib:"
"""What the names of NASLib's optimizers begin with."""


def methods(names: Iterable[str]) -> tuple[Method, ...]:
    """The methods of these names, each once, in their order. Raises UnknownNameError.

    `paper` stands for all of PAPER, `naslib` for NASLib's optimizers, and the name of a strategy
    for it with its own settings.
    """
    found = {method.name: method for name in names for method in _named(name)}
    return tuple(found.values())


def _named(name: str) -> Iterator[Method]:
    if name == "paper":
        yield from PAPER
    elif name == "naslib":
        yield from (Method(n, n) for n in STRATEGIES if n.startswith(NASLIB))
    elif own := next((method for method in PAPER if method.name == name), None):
        yield own
    elif name in STRATEGIES:
        yield Method(name, name)
    else:
        known = sorted({*STRATEGIES, "paper", "naslib", *(method.name for method in PAPER)})
        raise UnknownNameError(f"unknown method {name!r}; known: {', '.join(known)}")
