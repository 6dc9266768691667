"""Every registered strategy keeps the contract."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar

import pytest

from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.testing import StrategyContract


class TestRandom(StrategyContract):
    strategy = "random"


class TestRandomShort(StrategyContract):
    strategy = "random"
    options: ClassVar = {"share": 0.2}


class TestGrid(StrategyContract):
    strategy = "grid"


class TestRegularizedEvolution(StrategyContract):
    strategy = "regularized_evolution"


class TestArea(StrategyContract):
    strategy = "area"


class TestNaswot(StrategyContract):
    strategy = "naswot"


class TestLocalSearch(StrategyContract):
    strategy = "local_search"


class TestBayesian(StrategyContract):
    strategy = "bayesian"
    evaluations = 30


class TestRandomForest(StrategyContract):
    strategy = "bayesian"
    options: ClassVar = {"model": "forest", "acquisition": "ei", "components": 10}
    evaluations = 30


class TestGuided(StrategyContract):
    strategy = "guided"
    evaluations = 25


class TestBananas(StrategyContract):
    strategy = "bananas"
    evaluations = 22


class TestNpenas(StrategyContract):
    strategy = "npenas"
    evaluations = 30


class TestHyperband(StrategyContract):
    strategy = "hyperband"


class TestSuccessiveHalving(StrategyContract):
    strategy = "successive_halving"


class TestAsha(StrategyContract):
    strategy = "asha"


class TestBohb(StrategyContract):
    strategy = "bohb"


class TestMfesHb(StrategyContract):
    strategy = "mfes_hb"


class TestPredictiveTermination(StrategyContract):
    strategy = "predictive_termination"


class TestPredictiveTerminationOfEvolution(StrategyContract):
    strategy = "predictive_termination"
    options: ClassVar = {"strategy": "regularized_evolution"}


class TestMultiFidelityKd(StrategyContract):
    strategy = "mf_kd"
    evaluations = 30


class TestTPE(StrategyContract):
    strategy = "tpe"
    evaluations = 20


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
class TestReinforce(StrategyContract):
    strategy = "reinforce"
    options: ClassVar = {"fit_samples": 30, "fit_epochs": 2}
    evaluations = 20


class TestNsga2(StrategyContract):
    strategy = "nsga2"
    objectives = ("val_loss", "parameters")


class TestParEgo(StrategyContract):
    strategy = "parego"
    objectives = ("val_loss", "parameters")
    evaluations = 20


class TestEhvi(StrategyContract):
    strategy = "ehvi"
    objectives = ("val_loss", "parameters")
    evaluations = 20


class TestEvolutionOfFronts(StrategyContract):
    strategy = "regularized_evolution"
    objectives = ("perplexity", "parameters", "training_time")


@pytest.mark.slow
class TestPolicyRL(StrategyContract):
    strategy = "policy_rl"
    options: ClassVar = {"fit_samples": 20, "fit_epochs": 3}
    evaluations = 4


@pytest.mark.naslib
@pytest.mark.usefixtures("naslib_here")
class NaslibContract(StrategyContract):
    at_once = 1


class TestNaslibRandomSearch(NaslibContract):
    strategy = "naslib:random_search"


class TestNaslibRegularizedEvolution(NaslibContract):
    strategy = "naslib:regularized_evolution"


class TestNaslibLocalSearch(NaslibContract):
    strategy = "naslib:local_search"


@pytest.mark.slow
class TestNaslibBananas(NaslibContract):
    strategy = "naslib:bananas"
    evaluations = 25


@pytest.mark.slow
class TestNaslibNpenas(NaslibContract):
    strategy = "naslib:npenas"
    evaluations = 25


@pytest.mark.framework("smac")
class TestSmac(StrategyContract):
    strategy = "smac"
    options: ClassVar = {"challengers": 200}
    evaluations = 14


@pytest.mark.framework("syne_tune")
class SyneTuneContract(StrategyContract):
    evaluations = 20


class TestSyneTuneRandomSearch(SyneTuneContract):
    strategy = "syne_tune:random_search"


class TestSyneTuneRea(SyneTuneContract):
    strategy = "syne_tune:rea"
    options: ClassVar = {"population_size": 10, "sample_size": 3}


@pytest.mark.slow
class TestSyneTuneBore(SyneTuneContract):
    strategy = "syne_tune:bore"
    options: ClassVar = {"random_first": 8, "candidates": 50}
    evaluations = 14


class TestSyneTuneTpe(SyneTuneContract):
    strategy = "syne_tune:tpe"


@pytest.mark.slow
class TestSyneTuneCqr(SyneTuneContract):
    strategy = "syne_tune:cqr"
    options: ClassVar = {"random_first": 8}
    evaluations = 14


class TestSyneTuneAsha(SyneTuneContract):
    strategy = "syne_tune:asha"
    evaluations = 40


@pytest.mark.slow
class TestSyneTuneAshaBore(SyneTuneContract):
    strategy = "syne_tune:asha_bore"
    options: ClassVar = {"random_first": 6}
    evaluations = 20


class TestSyneTuneBohb(SyneTuneContract):
    strategy = "syne_tune:bohb"


class TestOptunaTpe(StrategyContract):
    strategy = "optuna:tpe"
    options: ClassVar = {"random_first": 8}
    evaluations = 14


def test_every_registered_strategy_is_tested() -> None:
    def tested(kind: type[StrategyContract]) -> set[Any]:
        below = [tested(subclass) for subclass in kind.__subclasses__()]
        return {vars(kind).get("strategy")}.union(*below)

    assert tested(StrategyContract) - {None} == set(STRATEGIES)
