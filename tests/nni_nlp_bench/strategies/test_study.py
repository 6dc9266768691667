"""Plans of studies: strategies by name, unavailable ones, equal costs."""

from __future__ import annotations

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import UnknownNameError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.algorithms.random_search import RandomSearch
from nni_nlp_bench.strategies.configs import PAPER, StrategyConfig, study_configs
from nni_nlp_bench.strategies.equal_cost import (
    Cost,
    budget_of,
    cost_of,
    left_out_lines,
    split_available,
    with_limits,
)
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.strategies.search import Search, check_search, run_search
from nni_nlp_bench.testing import EPOCH_S, EPOCHS, synthetic_table
from search_spaces.registry import get_space

REASON = "the library nowhere is missing: install it"


class Nowhere(RandomSearch):
    @classmethod
    def missing_dependency(cls) -> str | None:
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
        TrainingRun(
            architecture=space.sample(rng), name=f"row {i}", test_loss=np.array([5.0 - i / 10])
        )
        for i in range(count)
    ]
    return Table.from_runs(runs, name="finals", space="rnn_cell", epochs=50, has_curves=False)


def test_names_stand_for_methods_each_once(nowhere: str) -> None:
    assert study_configs(["paper"]) == PAPER
    assert [m.name for m in study_configs(["tpe", "paper", "mf_kd"])][::8] == ["tpe", "mf_kd"]
    assert study_configs(["mf_kd"]) == (StrategyConfig("mf_kd", "mf_kd"),)
    assert StrategyConfig(nowhere, nowhere) in study_configs(["naslib"])
    with pytest.raises(UnknownNameError, match="unknown strategy 'magic'; known: area, asha, "):
        study_configs(["random", "magic"])


def test_every_method_of_the_paper_runs() -> None:
    """For their options must be options of the strategies."""
    table, settings = synthetic_table(60), Settings(budget=Budget(evaluations=22))
    for config in PAPER:
        assert len(run_search(table, Search(config, 1, settings)).trials) == 22


def test_what_cannot_run_is_left_out_with_its_reason(nowhere: str) -> None:
    wanted = study_configs(["paper", nowhere])
    kept, left_out = split_available(synthetic_table(5), wanted)
    assert tuple(kept) == PAPER
    most = {config.name: config.evaluations for config in with_limits(kept, 30)}
    assert {most["hyperband"], most["random_fifth"]} == {300}
    assert {most["random"], most["tpe"]} == {60}
    assert left_out == {nowhere: REASON}
    assert left_out_lines({"a": REASON, "b": "why", "c": REASON}) == [
        f"left out: a, c: {REASON}",
        "left out: b: why",
    ]
    some = study_configs(["random", "random_fifth", "hyperband"])
    kept, left_out = split_available(final_losses(), some)
    assert [method.name for method in kept] == ["random"]
    assert set(left_out) == {"random_fifth", "hyperband"}
    assert "finals has no learning curves" in left_out["random_fifth"]
    with pytest.raises(UserError, match=f"strategy '{nowhere}' cannot run: {REASON}"):
        check_search(synthetic_table(5), Search(StrategyConfig.of(nowhere)))
    with pytest.raises(
        UserError, match="no strategy can run: left out: naslib:nowhere: the library"
    ):
        split_available(synthetic_table(5), study_configs([nowhere]))


def test_the_cost_is_that_of_full_trainings() -> None:
    """The mean over all cells, of which every tenth breaks off after three of nine epochs."""
    table = synthetic_table(20)
    cost = cost_of(table, 10)
    assert cost.unit == "simulated hours"
    assert cost.limit == pytest.approx(10 * (0.9 * EPOCHS + 0.1 * 3) * EPOCH_S / 3600)
    assert budget_of(cost, table.epochs) == Budget(hours=cost.limit)
    untimed = final_losses()
    assert cost_of(untimed, 10) == Cost("full trainings", 10.0)
    assert budget_of(cost_of(untimed, 10), untimed.epochs) == Budget(epochs=500)
    surrogate = load("nas-bench-nlp/wikitext-2-surrogate")
    lengths = [surrogate.query(surrogate.space.parse(name)).wall_time_s for name in ("rnn", "lstm")]
    assert min(lengths) < cost_of(surrogate, 10).limit / 10 * 3600 < max(lengths)


def test_the_nearest_limit_is_the_used_fraction_of_a_budget() -> None:
    budget = Budget(evaluations=100, epochs=50, hours=8.0)
    assert budget.share(evaluations=10, epochs=10, hours=1.0) == pytest.approx(0.2)
    assert budget.share(evaluations=10, epochs=10, hours=6.0) == pytest.approx(0.75)
    assert budget.share(evaluations=10, epochs=10, hours=float("nan")) == pytest.approx(0.2)
    assert budget.share(evaluations=10, epochs=80, hours=0.0) == 1.0
    assert Budget().share(5, 5, 5.0) == 0.0
