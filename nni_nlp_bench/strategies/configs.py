"""Configurations of strategies, and the baselines of NAS-Bench-NLP."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import UnknownNameError
from nni_nlp_bench.evaluators.objectives import SearchObjectives
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.registry import STRATEGIES
from search_spaces.base import SearchSpace

StrategyLike: TypeAlias = str | type[Strategy] | tuple[str | type[Strategy], Mapping[str, Any]]
"""A name such as `tpe` or `bayesian(beta=1.0)`, a class, or either with a dict of options."""
_CALL = re.compile(r"\s*([\w:.-]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True)
class StrategyConfig:
    """A strategy with its options, under a name for files and reports."""

    name: str
    strategy: str | type[Strategy]
    """A registered name, or a class."""
    options: Mapping[str, Any] = field(default_factory=dict)
    evaluations: int | None = None
    """Maximum number of evaluations; None if only the budget limits them."""

    @classmethod
    def of(cls, strategy: StrategyLike | StrategyConfig) -> StrategyConfig:
        """Return the configuration of a `StrategyLike`. Raises UserError.

        >>> StrategyConfig.of("bayesian(beta=1.0)").options
        {'beta': 1.0}
        """
        if isinstance(strategy, StrategyConfig):
            return strategy
        options: Mapping[str, Any] = {}
        if isinstance(strategy, tuple):
            strategy, options = strategy
        if isinstance(strategy, str):
            strategy, in_text = _parsed(strategy)
            options = {**in_text, **options}
        name = strategy if isinstance(strategy, str) else strategy.__name__
        cls(name, strategy, dict(options)).check()
        shown = ", ".join(f"{option}={value!r}" for option, value in options.items())
        return cls(f"{name}({shown})" if options else name, strategy, dict(options))

    @property
    def kind(self) -> type[Strategy]:
        """Class of the strategy. Raises UnknownNameError."""
        return STRATEGIES.get(self.strategy) if isinstance(self.strategy, str) else self.strategy

    def check(self) -> None:
        """Raise UserError for a strategy or an option that does not exist."""
        kind = self.kind
        if not (isinstance(kind, type) and issubclass(kind, Strategy)):
            raise UserError(f"strategy {self.name!r} is not a subclass of Strategy")
        if self.options:
            kind.check_options(self.name, self.options)

    def make(
        self,
        space: SearchSpace[Any],
        rng: np.random.Generator,
        epochs: int,
        objectives: SearchObjectives | None = None,
    ) -> Strategy:
        """Return the strategy, ready to ask and tell; `epochs` is the length of a full training.

        Raises UserError if it refuses the space or an option.
        """
        several = () if objectives is None else (objectives,)
        return self.kind(space, rng, epochs, *several, **self.options)

    @property
    def strategy_name(self) -> str:
        """Registered name, or name of the class."""
        return self.strategy if isinstance(self.strategy, str) else self.strategy.__name__

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "strategy": self.strategy_name,
            "options": dict(self.options),
            "evaluations": self.evaluations,
        }

    def describe(self) -> str:
        """Return the strategy with its options, for tables."""
        options = (f"{name} {value}" for name, value in self.options.items())
        return ", ".join([self.strategy_name, *options])


def parse_strategies(text: str) -> tuple[StrategyConfig, ...]:
    """Return the strategies of a comma-separated list, each once. Raises UserError.

    >>> [config.name for config in parse_strategies("random, bayesian(beta=1.0, samples=3)")]
    ['random', 'bayesian(beta=1.0, samples=3)']
    """
    parts = re.findall(r"[^,(]+(?:\([^)]*\))?", text)
    configs = [StrategyConfig.of(part.strip()) for part in parts if part.strip()]
    return tuple({config.name: config for config in configs}.values())


def _parsed(text: str) -> tuple[str, dict[str, Any]]:
    """Parse `name(option=value, ...)`. Raises UserError."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise UserError(
            f"strategy {text[:60]!r}: write a name, or name(option=value, ...) with plain values"
        )
    name, arguments = match.groups()
    if not arguments:
        return name, {}
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        return name, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (ValueError, SyntaxError):
        raise UserError(
            f"strategy {text[:60]!r}: options are written option=value with plain values, such as "
            "bayesian(beta=1.0, model='forest')"
        ) from None


PAPER = (
    StrategyConfig("random", "random"),
    StrategyConfig("random_fifth", "random", {"share": 0.2}),
    StrategyConfig("hyperband", "hyperband"),
    StrategyConfig("bayesian_50d", "bayesian", {"components": 50}),
    StrategyConfig("bayesian_10d", "bayesian", {"components": 10}),
    StrategyConfig("regularized_evolution", "regularized_evolution"),
    StrategyConfig("tpe", "tpe"),
    StrategyConfig(
        "forest_ei", "bayesian", {"components": 10, "model": "forest", "acquisition": "ei"}
    ),
)
"""The baselines of NAS-Bench-NLP's release. `random_fifth` trains 10 epochs of 50; `forest_ei`
replaces SMAC. docs/study.md lists the differences from the release."""
NASLIB = "naslib:"
"""Prefix of the names of NASLib's optimizers."""


def study_configs(names: Iterable[str]) -> tuple[StrategyConfig, ...]:
    """Return the strategies of a study, each once, in order. Raises UserError.

    `paper` is expanded to all of PAPER, `naslib` to NASLib's optimizers; any other name is one of
    PAPER's or a strategy.
    """
    found = {config.name: config for name in names for config in _named(name)}
    return tuple(found.values())


def _named(name: str) -> Iterator[StrategyConfig]:
    if name == "paper":
        yield from PAPER
    elif name == "naslib":
        yield from (StrategyConfig(n, n) for n in STRATEGIES if n.startswith(NASLIB))
    elif own := next((config for config in PAPER if config.name == name), None):
        yield own
    else:
        try:
            yield StrategyConfig.of(name)
        except UnknownNameError:
            known = sorted({*STRATEGIES, "paper", "naslib", *(config.name for config in PAPER)})
            raise UnknownNameError(
                f"unknown strategy {name!r}; known: {', '.join(known)}"
            ) from None
