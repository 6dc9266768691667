"""One-shot strategies by name: the built-in ones and those that other packages add."""

from __future__ import annotations

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.one_shot.base import OneShotStrategy, check_min_epochs
from search_spaces.registry import SPACES

_HERE = "nni_nlp_bench.one_shot.strategies"

ONE_SHOT_STRATEGIES: Registry[type[OneShotStrategy]] = Registry(
    "one-shot strategy",
    "nni_nlp_bench.one_shot_strategies",
    {
        "enas": f"{_HERE}:EnasStrategy",
        "textnas_enas": f"{_HERE}:TextNasEnasStrategy",
        "darts": f"{_HERE}:DartsStrategy",
        "gumbel_darts": f"{_HERE}:GumbelDartsStrategy",
        "proxyless": f"{_HERE}:ProxylessStrategy",
        "kd_emd": f"{_HERE}:KdEmdStrategy",
        "te_nas": f"{_HERE}:TeNasStrategy",
        "random_one_shot": f"{_HERE}:RandomStrategy",
    },
    requires=("spaces", "make"),
)


def strategies_of(space: str) -> list[str]:
    """Return the names of the one-shot strategies that search the space."""
    return [name for name, strategy in ONE_SHOT_STRATEGIES.items() if strategy.searches(space)]


def spaces_of(strategy: str) -> list[str]:
    """Return the names of the spaces that a one-shot strategy searches.

    Raises UnknownNameError.
    """
    searches = ONE_SHOT_STRATEGIES.get(strategy).searches
    return [space for space, _ in SPACES.items() if searches(space)]


def check_strategy(space: str, strategy: str) -> None:
    """Raise UserError if the one-shot strategy is unknown or does not search the space."""
    if not ONE_SHOT_STRATEGIES.get(strategy).searches(space):
        options = " or ".join(f"--space {name}" for name in spaces_of(strategy))
        raise UserError(f"{strategy} does not search the space {space}: give {options}")


def check_epochs(strategy: str, epochs: int) -> None:
    """Raise UserError if a search is too short for the one-shot strategy."""
    check_min_epochs(strategy, epochs, ONE_SHOT_STRATEGIES.get(strategy).min_epochs)
