"""Syne Tune's schedulers as strategies; what every strategy keeps is in tests/contract."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

import nni_nlp_bench as nb
from nni_nlp_bench.testing import EPOCHS, synthetic_table

pytestmark = pytest.mark.framework("syne_tune")


def strategy(name: str, space: Any = None, epochs: int = EPOCHS) -> Any:
    """A strategy on the synthetic table's space."""
    return nb.make_strategy(name, space or GridBenchmark().space, seed=0, epochs=epochs)


@pytest.mark.parametrize("name", ["syne_tune:rea(population_size=10)", "syne_tune:tpe"])
def test_it_proposes_lower_losses_later(name: str) -> None:
    """That is, it minimises; and it does the same again."""
    grid = GridBenchmark()

    def losses(seed: int) -> list[float]:
        found = nb.search(grid, name, n_trials=40, seed=seed)
        return [-trial.score for trial in found.trials if not trial.failed]

    searches = [losses(seed) for seed in range(3)]
    early, late = ([of[part] for of in searches] for part in (slice(10), slice(10, 30)))
    assert np.mean(np.concatenate(late)) < np.mean(np.concatenate(early))
    assert losses(0) == searches[0] != searches[1]


def test_the_global_generators_stay_as_they_were() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist()
    made = strategy("syne_tune:rea")
    for _ in range(20):
        made.tell(made.ask(), -1.0)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_its_own_generators_do_not_depend_on_the_global_ones() -> None:
    proposals = []
    for seed in (1, 2):
        np.random.seed(seed)
        random.seed(seed)
        made = strategy("syne_tune:random_search")
        proposals.append([made.ask().architecture for _ in range(20)])
    assert proposals[0] == proposals[1]


def test_asha_stops_all_but_the_best_third() -> None:
    made = strategy("syne_tune:asha")
    epochs: dict[str, int] = {}
    for _ in range(200):
        proposal = made.ask()
        if proposal is None:
            break
        widths = proposal.architecture.widths
        epochs[proposal.architecture.canonical_key] = proposal.epochs
        made.tell(proposal, sum(widths) / proposal.epochs)
    lengths = [*epochs.values()]
    assert set(lengths) == {1, 3, EPOCHS}
    assert lengths.count(1) > lengths.count(3) > 0 and lengths.count(EPOCHS) > 0


def test_a_training_that_goes_on_does_so_at_once(caplog: pytest.LogCaptureFixture) -> None:
    made = strategy("syne_tune:asha")
    assert caplog.records == []
    first = made.ask()
    made.tell(first, 0.0)
    second = made.ask()
    assert (second.architecture, second.epochs) == (first.architecture, 3)
    made.tell(second, 0.0)
    assert made.ask().epochs == EPOCHS


def test_a_known_result_is_not_evaluated_again() -> None:
    table = synthetic_table()
    result = nb.search(table, "syne_tune:rea(population_size=10)", n_trials=60, seed=0)
    keys = [trial.key for trial in result.trials]
    assert len(set(keys)) == len(keys) == 60


def test_an_observation_is_told_to_the_scheduler() -> None:
    grid = GridBenchmark()
    made = strategy("syne_tune:rea(population_size=1, sample_size=1, random_first=0)")
    best = grid.architectures()[62]
    made.add_observation(best, 1.0)
    proposal = made.ask()
    different = np.not_equal(proposal.architecture.widths, best.widths)
    assert different.sum() == 1, "a mutant of the observation"
