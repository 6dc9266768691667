"""MF-KD: selection of fidelity and architecture, and results."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, pi, sqrt

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.algorithms.multi_fidelity.mf_kd import (
    MultiFidelityKd,
    short_training_pays,
)
from nni_nlp_bench.strategies.base import Proposal
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.models.acquisition import expected_improvement, upper_confidence_bound
from nni_nlp_bench.strategies.models.cokriging import Posterior
from nni_nlp_bench.strategies.models.observations import Observations
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from nni_nlp_bench.testing import EPOCHS, synthetic_table
from search_spaces.registry import get_space

SPACE = get_space("rnn_cell")


def strategy(seed: int = 0, **options: object) -> MultiFidelityKd:
    settings = {"random_first": 6, "promote_first": 3, "samples": 3, "mutations": 9, **options}
    return MultiFidelityKd(SPACE, np.random.default_rng(seed), 20, **settings)


def score_of(proposal: Proposal) -> float:
    """More linear nodes are better, and a short training loses a little of it."""
    linear = float(SPACE.describe(proposal.architecture)["linear"])
    return linear if proposal.epochs is None else 0.8 * linear - 1


def course(search: MultiFidelityKd, length: int) -> list[Proposal]:
    """What it asks for when every score comes at once."""
    asked = []
    for _ in range(length):
        proposal = search.ask()
        assert proposal is not None
        search.tell(proposal, score_of(proposal))
        asked.append(proposal)
    return asked


def test_acquisitions_by_hand() -> None:
    """Half a deviation above the best: z = .5, Phi = .6914625, phi = exp(-.125) / sqrt(2 pi)."""
    mean, std = np.array([2.0]), np.array([2.0])
    assert upper_confidence_bound(mean, std) == pytest.approx([3.0])
    by_hand = 1 * 0.6914625 + 2 * exp(-0.125) / sqrt(2 * pi)  # = 1.3955927
    assert expected_improvement(mean, std, best=1.0) == pytest.approx([by_hand])
    assert by_hand == pytest.approx(1.3955927, abs=1e-6)


@pytest.mark.parametrize(
    ("low", "delta", "pays"), [(0.5, 0.5, True), (0.1, 0.9, False), (0.0, 1.0, False)]
)
def test_a_short_training_pays_if_it_is_more_efficient(
    low: float, delta: float, pays: bool
) -> None:
    """At a fifth of the cost it must remove more than a fifth of the variance."""
    posterior = Posterior(np.zeros(1), np.array([low]), np.array([delta]))
    assert short_training_pays(posterior, 0, share=0.2) == pays


def test_the_best_of_the_short_trainings_are_promoted() -> None:
    asked = course(strategy(), 9)
    assert [proposal.epochs for proposal in asked] == [4] * 6 + [None] * 3
    ranked = sorted(asked[:6], key=score_of, reverse=True)
    assert [p.architecture for p in asked[6:]] == [p.architecture for p in ranked[:3]]


def test_it_waits_for_the_short_trainings_before_it_promotes() -> None:
    search = strategy()
    running = [search.ask() for _ in range(6)]
    assert search.ask() is None
    for proposal in running:
        assert proposal is not None
        search.tell(proposal, score_of(proposal))
    promoted = [search.ask() for _ in range(3)]
    assert all(proposal is not None and proposal.epochs is None for proposal in promoted)
    assert search.ask() is None  # the model waits for the full trainings


def test_what_failed_in_a_short_training_gets_no_full_one() -> None:
    search = strategy()
    failed = search.ask()
    assert failed is not None
    search.tell(failed, None)
    assert failed.architecture not in [p.architecture for p in course(search, 12)]


@pytest.mark.parametrize(("expected", "epochs"), [(99.0, None), (-99.0, 4)])
def test_a_full_training_is_for_what_may_become_the_best(
    expected: float, epochs: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a new architecture is looked at, though the model expects less of it."""
    search = strategy()
    short = {p.architecture for p in course(search, 9)}

    def posterior(candidates: list[object]) -> Posterior:
        mean = np.array([expected if c in short else -100.0 for c in candidates])
        return Posterior(mean, np.ones(len(mean)), np.ones(len(mean)))

    monkeypatch.setattr(search, "_posterior", posterior)
    proposal = search.ask()
    assert proposal is not None
    assert proposal.epochs == epochs
    assert (proposal.architecture in short) == (epochs is None)


@pytest.mark.parametrize("acquisition", ["ucb", pytest.param("ei", marks=pytest.mark.slow)])
def test_no_training_is_asked_for_twice(acquisition: str) -> None:
    asked = course(strategy(acquisition=acquisition), 30)
    assert len({(p.architecture.canonical_key, p.epochs) for p in asked}) == 30
    assert {p.epochs for p in asked[9:]} == {4, None}


@pytest.mark.slow
def test_seeds_and_acquisitions_differ() -> None:
    def keys(**options: object) -> list[str]:
        return [p.architecture.canonical_key for p in course(strategy(**options), 12)]

    by_ucb = keys(acquisition="ucb")
    assert by_ucb == keys()
    assert by_ucb != keys(seed=1)
    assert by_ucb != keys(acquisition="ei")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"low_share": 1.0}, "is no shorter training"),
        ({"promote_first": 2}, "must be 3 or more"),
        ({"acquisition": "pi"}, "known: ucb, ei"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], error: str) -> None:
    with pytest.raises((UserError, BenchmarkError), match=error):
        strategy(**options)


def test_a_model_sees_the_best_and_the_latest_and_no_outlier() -> None:
    measurements = Observations(SPACE, most=4)
    rng = np.random.default_rng(0)
    for score in (3.0, 1.0, 2.0, -100.0, 0.0, 2.5):
        latest = SPACE.sample(rng)
        measurements.add(latest, score)
    features, scores = measurements.arrays()
    assert scores.tolist() == [3.0, 2.0, 1.5, 2.5]  # median 2.25: no lower than 1.5
    assert features.tolist()[-1] == SPACE.encode(latest, "counts").tolist()


def best_loss(trials: Sequence[Trial]) -> float:
    """The lowest loss among the full trainings."""
    return min(-trial.score for trial in trials if trial.result.epoch == EPOCHS)


@pytest.mark.slow
def test_it_finds_better_cells_than_random_search_in_as_many_epochs() -> None:
    table = synthetic_table(300)
    space = search_space(table, restrict=True)
    settings = Settings(budget=Budget(evaluations=1000, epochs=15 * EPOCHS))

    def mean_loss(strategy: str) -> float:
        seeds = range(4)
        config = StrategyConfig.of(strategy)
        searches = [Search(config, seed, settings) for seed in seeds]
        found = [run_search(table, search, space=space).trials for search in searches]
        return float(np.mean([best_loss(trials) for trials in found]))

    assert mean_loss("mf_kd") < mean_loss("random")
