"""Simulated trainings: checkpoints, clock, budgets, policies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError, MissingArchitectureError
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import IDLE, Settings, Simulation
from nni_nlp_bench.testing import EPOCH_S, EPOCHS, synthetic_table
from search_spaces.registry import get_space


@pytest.fixture(scope="module")
def table() -> Table:
    return synthetic_table(30)


def test_a_training_continues_from_its_checkpoint(table: Table) -> None:
    simulation, cell = Simulation(table, Settings()), table.architectures()[0]
    charged = [simulation.evaluate(cell, epochs).epochs_trained for epochs in (2, 5, 3, None)]
    assert charged == [2, 3, 0, EPOCHS - 5]
    ends = [trial.end_s for trial in simulation.trials]
    assert ends == [2 * EPOCH_S, 5 * EPOCH_S, 5 * EPOCH_S, EPOCHS * EPOCH_S]
    assert simulation.spent.epochs == EPOCHS


def test_the_score_is_minus_the_validation_loss(table: Table) -> None:
    cell = table.architectures()[0]
    trial = Simulation(table, Settings()).evaluate(cell, 4)
    assert trial.score == -table.query(cell, 4).val_loss
    assert trial.result.origin == "measured"


def test_a_failed_training_scores_as_a_uniform_guess_and_keeps_its_status(table: Table) -> None:
    simulation, cell = Simulation(table, Settings()), table.architectures()[9]
    trial = simulation.evaluate(cell)
    assert trial.failed
    assert trial.score == -LossUnit.NATS.failure
    assert math.isnan(trial.result.val_loss or 0.0)
    assert trial.epochs_trained == 3
    assert simulation.spent.failed == 1


def test_workers_train_in_parallel(table: Table) -> None:
    simulation = Simulation(table, Settings(workers=2))
    cells = [cell for i, cell in enumerate(table.architectures()[:5]) if i % 10 != 9]
    for cell, epochs in zip(cells, (4, 1, 1, 1, 1), strict=True):
        simulation.evaluate(cell, epochs)
    intervals = [(t.start_s / EPOCH_S, t.end_s / EPOCH_S) for t in simulation.trials]
    assert intervals == [(0, 4), (0, 1), (1, 2), (2, 3), (3, 4)]
    assert simulation.spent.hours == 4 * EPOCH_S / 3600


@pytest.mark.parametrize(
    ("budget", "evaluations"),
    [
        (Budget(evaluations=3), 3),
        (Budget(epochs=2 * EPOCHS + 1), 3),
        (Budget(hours=1.5 * EPOCHS * EPOCH_S / 3600), 2),
        (Budget(evaluations=5, epochs=EPOCHS), 1),
    ],
)
def test_budgets(table: Table, budget: Budget, evaluations: int) -> None:
    simulation, cells = Simulation(table, Settings(budget=budget)), iter(table.architectures())
    while simulation.budget_left:
        simulation.evaluate(next(cells))
    assert len(simulation.trials) == evaluations


def test_an_empty_budget_is_refused() -> None:
    with pytest.raises(UserError, match="0 evaluations"):
        Budget(evaluations=0)


def test_a_budget_of_hours_needs_known_times() -> None:
    table = synthetic_table(4)
    untimed = {name: values for name, values in table.arrays.items() if name != "wall_time_s"}
    without = Table(table.metadata, untimed)
    simulation = Simulation(without, Settings(budget=Budget(hours=1)))
    simulation.evaluate(without.architectures()[0])
    assert math.isnan(simulation.spent.hours)
    with pytest.raises(BenchmarkError, match="records no times"):
        _ = simulation.budget_left


def test_a_missing_architecture_is_an_error_by_default(table: Table) -> None:
    lstm = get_space("rnn_cell").parse("lstm")
    with pytest.raises(MissingArchitectureError):
        Simulation(table, Settings()).evaluate(lstm)


def test_nearest_answers_with_another_architecture_and_says_so(table: Table) -> None:
    lstm = get_space("rnn_cell").parse("lstm")
    simulation = Simulation(table, Settings(on_missing="nearest"))
    trial = simulation.evaluate(lstm)
    assert trial.architecture == lstm
    assert trial.evaluated in table
    assert simulation.spent.replaced == 1
    held = table.architectures()[0]
    assert simulation.evaluate(held).evaluated == held
    assert simulation.spent.replaced == 1


def test_miss_policy_surrogate_needs_one(table: Table) -> None:
    with pytest.raises(BenchmarkError, match="needs a surrogate"):
        Simulation(table, Settings(on_missing="surrogate"))


def test_seed_policies(table: Table) -> None:
    cell = table.architectures()[0]
    losses = [table.query(cell, None, seed).val_loss for seed in table.seeds(cell)]

    def loss(**settings: object) -> float | None:
        return Simulation(table, Settings(**settings)).evaluate(cell).result.val_loss  # type: ignore[arg-type]

    assert loss(run_selection="first") == losses[0]
    assert loss(run_selection="mean") == pytest.approx(np.mean(losses))  # type: ignore[arg-type]
    drawn = [loss(run_selection="random", seed=seed) for seed in range(30)]
    assert set(drawn) == set(losses)
    assert drawn[7] == loss(run_selection="random", seed=7)


def test_a_mean_is_that_of_the_runs_that_finished(table: Table) -> None:
    """Runs 0 and 2 of the first architecture finish, and of the tenth none does."""
    statuses = table.arrays["statuses"].copy()
    statuses[1] = table.metadata.statuses.index("loss is nan!")
    partly = Table(table.metadata, {**table.arrays, "statuses": statuses})
    simulation = Simulation(partly, Settings(run_selection="mean"))
    first, none = (simulation.evaluate(partly.architectures()[i]) for i in (0, 9))
    losses = [partly.query(first.architecture, None, seed).val_loss for seed in (0, 2)]
    assert first.result.val_loss == pytest.approx(np.mean(losses))
    assert (first.result.seed, first.failed) == (None, False)
    assert (none.result.seed, none.result.status) == (0, "loss is nan!")


@pytest.mark.parametrize("policy", [{"on_missing": "guess"}, {"run_selection": "any"}])
def test_unknown_policies_list_the_known(policy: dict[str, str]) -> None:
    with pytest.raises(BenchmarkError, match="known: "):
        Settings(**policy)  # type: ignore[arg-type]


def test_a_checkpoint_is_used_after_the_training_that_leaves_it(table: Table) -> None:
    simulation, cell = Simulation(table, Settings(workers=2)), table.architectures()[0]
    for epochs in (4, 4, 6):
        simulation.evaluate(cell, epochs)
    intervals = [(t.start_s / EPOCH_S, t.end_s / EPOCH_S) for t in simulation.trials]
    assert intervals == [(0, 4), (0, 4), (4, 6)]
    assert [trial.epochs_trained for trial in simulation.trials] == [4, 0, 2]


def test_a_training_has_not_failed_before_it_breaks_off(table: Table) -> None:
    simulation, cell = Simulation(table, Settings()), table.architectures()[9]
    assert [simulation.evaluate(cell, epochs).failed for epochs in (2, 3, EPOCHS)] == [
        False,
        True,
        True,
    ]
    assert simulation.trials[0].score == -table.curve(cell).val_loss[1]


def test_a_training_that_failed_at_once_costs_nothing(table: Table) -> None:
    """Its losses and its time are unknown; the clock goes on."""
    cells = table.architectures()
    epochs_done = table.arrays["epochs_done"].copy()
    epochs_done[9 * 3] = 0
    simulation = Simulation(
        Table(table.metadata, {**table.arrays, "epochs_done": epochs_done}), Settings()
    )
    failed, other = simulation.evaluate(cells[9]), simulation.evaluate(cells[0])
    assert failed.failed
    assert (failed.score, failed.epochs_trained, failed.end_s) == (-LossUnit.NATS.failure, 0, 0.0)
    assert other.end_s == EPOCHS * EPOCH_S


def test_a_loss_that_is_not_finite_is_a_failure(table: Table) -> None:
    val_loss = table.arrays["val_loss"].copy()
    val_loss[0, -1] = math.nan
    trial = Simulation(
        Table(table.metadata, {**table.arrays, "val_loss": val_loss}), Settings()
    ).evaluate(table.architectures()[0])
    assert trial.failed
    assert trial.score == -LossUnit.NATS.failure


def test_a_search_without_anything_left_to_train_is_over(table: Table) -> None:
    simulation = Simulation(table, Settings(budget=Budget(epochs=10**6)))
    while simulation.budget_left:
        simulation.evaluate(table.architectures()[0])
    assert len(simulation.trials) == 1 + IDLE
