"""Strategies by name: the built-in ones and those that other packages add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.strategies.base import Strategy
from search_spaces.base import SearchSpace

_HERE = "nni_nlp_bench.strategies.algorithms"
_MODELS = f"{_HERE}.model_based"
_FIDELITIES = f"{_HERE}.multi_fidelity"
_OBJECTIVES = f"{_HERE}.multi_objective"
_NASLIB = "nni_nlp_bench.frameworks.naslib.strategies"
_SYNE_TUNE = "nni_nlp_bench.frameworks.syne_tune"

STRATEGIES: Registry[type[Strategy]] = Registry(
    "strategy",
    "nni_nlp_bench.strategies",
    {
        "random": f"{_HERE}.random_search:RandomSearch",
        "grid": f"{_HERE}.grid_search:GridSearch",
        "regularized_evolution": f"{_HERE}.regularized_evolution:RegularizedEvolution",
        "area": f"{_HERE}.area:Area",
        "naswot": f"{_HERE}.naswot:Naswot",
        "local_search": f"{_HERE}.local_search:LocalSearch",
        "bayesian": f"{_MODELS}.bayesian:BayesianOptimization",
        "guided": f"{_MODELS}.guided:Guided",
        "bananas": f"{_MODELS}.bananas:Bananas",
        "npenas": f"{_MODELS}.npenas:Npenas",
        "hyperband": f"{_FIDELITIES}.hyperband:Hyperband",
        "successive_halving": f"{_FIDELITIES}.successive_halving:SuccessiveHalving",
        "asha": f"{_FIDELITIES}.asha:Asha",
        "bohb": f"{_FIDELITIES}.bohb:Bohb",
        "mfes_hb": f"{_FIDELITIES}.mfes_hb:MfesHb",
        "predictive_termination": f"{_FIDELITIES}.predictive_termination:PredictiveTermination",
        "mf_kd": f"{_FIDELITIES}.mf_kd:MultiFidelityKd",
        "tpe": f"{_HERE}.tpe:TPE",
        "reinforce": f"{_HERE}.reinforce:Reinforce",
        "nsga2": f"{_OBJECTIVES}.nsga2:NSGA2",
        "parego": f"{_OBJECTIVES}.parego:ParEgo",
        "ehvi": f"{_OBJECTIVES}.ehvi:Ehvi",
        "policy_rl": "nni_nlp_bench.frameworks.nni.strategies.policy_rl:PolicyRL",
        "naslib:random_search": f"{_NASLIB}:RandomSearch",
        "naslib:regularized_evolution": f"{_NASLIB}:RegularizedEvolution",
        "naslib:local_search": f"{_NASLIB}:LocalSearch",
        "naslib:bananas": f"{_NASLIB}:Bananas",
        "naslib:npenas": f"{_NASLIB}:Npenas",
        "smac": "nni_nlp_bench.frameworks.smac.strategies:Smac",
        "syne_tune:random_search": f"{_SYNE_TUNE}.strategies:RandomSearch",
        "syne_tune:rea": f"{_SYNE_TUNE}.strategies:Rea",
        "syne_tune:bore": f"{_SYNE_TUNE}.strategies:Bore",
        "syne_tune:tpe": f"{_SYNE_TUNE}.strategies:Tpe",
        "syne_tune:cqr": f"{_SYNE_TUNE}.strategies:Cqr",
        "syne_tune:asha": f"{_SYNE_TUNE}.multi_fidelity:Asha",
        "syne_tune:asha_bore": f"{_SYNE_TUNE}.multi_fidelity:AshaBore",
        "syne_tune:bohb": f"{_SYNE_TUNE}.multi_fidelity:Bohb",
        "optuna:tpe": "nni_nlp_bench.frameworks.optuna.strategies:Tpe",
    },
    requires=("ask", "tell", "options"),
)


class UnavailableError(UserError):
    """A strategy cannot run here, or not on this benchmark."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(f"strategy {strategy!r} cannot run: {reason}")
        self.reason = reason
        """The reason and the remedy, without the strategy's name."""


def is_multi_fidelity(name: str, options: Mapping[str, Any]) -> bool:
    """Return whether the strategy, with these options, is multi-fidelity.

    Raises UnknownNameError.
    """
    return STRATEGIES.get(name).is_multi_fidelity(options)


def check_available(name: str) -> None:
    """Raise UnavailableError if a library is missing, UnknownNameError for another name."""
    reason = STRATEGIES.get(name).missing_dependency()
    if reason is not None:
        raise UnavailableError(name, reason)


def make_strategy(
    name: str, space: SearchSpace[Any], seed: int, epochs: int, **options: Any
) -> Strategy:
    """Return the strategy of that name, ready to ask and tell.

    Args:
        name: A registered name.
        space: The space that it searches.
        seed: Seed of its random generator.
        epochs: Epochs of a full training.
        **options: Options of the strategy.

    Raises:
        UnknownNameError: No strategy has that name.
        UserError: The strategy refuses the space or an option.
    """
    return STRATEGIES.get(name)(space, np.random.default_rng(seed), epochs, **options)
