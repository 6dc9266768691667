"""What a study plans: methods by name, what is left out, and equal costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.run import Run
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.methods import PAPER, Method, methods
from nni_nlp_bench.strategies.random_search import RandomSearch
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.strategies.run import Search, check_search, run_search, search_space
from nni_nlp_bench.strategies.study import Cost, budget_of, cost_of, left_out_lines, served
from nni_nlp_bench.testing import EPOCH_S, EPOCHS, made_up_table
from search_spaces.base import get_space
from search_spaces.errors import UserError
from search_spaces.registry import UnknownNameError

REASON = "the library nowhere is missing: install it"


class Nowhere(RandomSearch):
    @classmethod
    def unavailable(cls) -> str | None:
        return REASON


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a strategy that cannot run here."""
    load_all = STRATEGIES._load()
    monkeypatch.setattr(STRATEGIES, "_loaders", {**load_all, "naslib:nowhere": lambda: Nowhere})
    return "naslib:nowhere"


def final_losses(count: int = 6) -> Table:
    """A table without curves, times and validation losses."""
    space, rng = get_space("rnn_cell"), np.random.default_rng(0)
    runs = [
        Run(architecture=space.sample(rng), name=f"row {i}", test_loss=np.array([5.0 - i / 10]))
        for i in range(count)
    ]
    return Table.from_runs(runs, name="finals", space="rnn_cell", epochs=50, has_curves=False)


def test_names_stand_for_methods_each_once(nowhere: str) -> None:
    assert methods(["paper"]) == PAPER
    assert [m.name for m in methods(["tpe", "paper", "mf_kd"])][::8] == ["tpe", "mf_kd"]
    assert methods(["mf_kd"]) == (Method("mf_kd", "mf_kd"),)
    assert Method(nowhere, nowhere) in methods(["naslib"])
    with pytest.raises(UnknownNameError, match="unknown method 'magic'; known: bayesian, "):
        methods(["random", "magic"])


def test_every_method_of_the_paper_runs() -> None:
    """For their options must be options of the strategies."""
    table, budget = made_up_table(60), Budget(evaluations=22)
    space = search_space(table, restrict=True)
    for method in PAPER:
        search = method.search(1, Settings(budget=budget), restrict=True)
        assert len(run_search(table, space, search)) == 22


def test_what_cannot_run_is_left_out_with_its_reason(nowhere: str) -> None:
    wanted = methods(["paper", nowhere])
    kept, left_out = served(made_up_table(5), wanted, 30)
    assert tuple(replace(method, evaluations=None) for method in kept) == PAPER
    most = {method.name: method.evaluations for method in kept}
    assert {most["hyperband"], most["random_fifth"]} == {300}
    assert {most["random"], most["tpe"]} == {60}
    assert left_out == {nowhere: REASON}
    assert left_out_lines({"a": REASON, "b": "why", "c": REASON}) == [
        f"left out: a, c: {REASON}",
        "left out: b: why",
    ]
    kept, left_out = served(final_losses(), methods(["random", "random_fifth", "hyperband"]), 1)
    assert [method.name for method in kept] == ["random"]
    assert set(left_out) == {"random_fifth", "hyperband"}
    assert "finals holds no learning curves" in left_out["random_fifth"]
    with pytest.raises(UserError, match=f"strategy '{nowhere}' cannot run: {REASON}"):
        check_search(made_up_table(5), Search(nowhere))
    with pytest.raises(UserError, match="no method is left: left out: naslib:nowhere: the library"):
        served(made_up_table(5), methods([nowhere]), 1)


def test_the_cost_is_that_of_full_trainings() -> None:
    """The mean over all cells, of which every tenth breaks off after three of nine epochs."""
    table = made_up_table(20)
    cost = cost_of(table, 10)
    assert cost.unit == "simulated hours"
    assert cost.limit == pytest.approx(10 * (0.9 * EPOCHS + 0.1 * 3) * EPOCH_S / 3600)
    assert budget_of(cost, table.epochs) == Budget(hours=cost.limit)
    untimed = final_losses()
    assert cost_of(untimed, 10) == Cost("full trainings", 10.0)
    assert budget_of(cost_of(untimed, 10), untimed.epochs) == Budget(epochs=500)
    with pytest.raises(UserError, match="a study needs a table"):
        cost_of(load("nas-bench-nlp/ptb-surrogate"), 10)


def test_the_nearest_limit_tells_how_much_of_a_budget_is_spent() -> None:
    budget = Budget(evaluations=100, epochs=50, hours=8.0)
    assert budget.share(evaluations=10, epochs=10, hours=1.0) == pytest.approx(0.2)
    assert budget.share(evaluations=10, epochs=10, hours=6.0) == pytest.approx(0.75)
    assert budget.share(evaluations=10, epochs=10, hours=float("nan")) == pytest.approx(0.2)
    assert budget.share(evaluations=10, epochs=80, hours=0.0) == 1.0
    assert Budget().share(5, 5, 5.0) == 0.0
