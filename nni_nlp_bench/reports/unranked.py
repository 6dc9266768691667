"""Strategies that rankings leave out, since their results on a surrogate prove nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.configs import StrategyConfig

REASON = "their model sees the features that the surrogate was fitted on"


def find_unranked(searches: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return the strategies that rankings leave out.

    Embedded surrogates are fitted on the features of their space. A strategy whose model sees the
    same features learns the surrogate instead of the architectures.

    Args:
        searches: Strategy of each search, and its number of predicted evaluations.

    Returns:
        Nothing if no strategy would be left to rank.
    """
    predicted: dict[str, int] = {}
    for strategy, count in searches:
        predicted[strategy] = predicted.get(strategy, 0) + count
    left_out = tuple(name for name, count in predicted.items() if count and _sees(name))
    return left_out if len(left_out) < len(predicted) else ()


def unranked_note(unranked: Sequence[str]) -> tuple[str, ...]:
    """Return a line with the reason, without a full stop; nothing if all are ranked."""
    return (f"not ranked: {', '.join(unranked)}, since {REASON}",) if unranked else ()


def _sees(strategy: str) -> bool:
    """Return whether the strategy's model sees `SearchSpace.features`; False if it is unknown.

    A strategy that runs another one, such as `predictive_termination`, names it in an option.
    """
    try:
        config = StrategyConfig.of(strategy)
    except UserError:
        return False
    return config.kind.uses_features or _sees(str(config.options.get("strategy", "")))
