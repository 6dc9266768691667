"""The public API: what a user calls, in as few lines as the documentation shows."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.core.extras import MissingExtraError
from nni_nlp_bench.testing import synthetic_table

SURROGATE = "nas-bench-nlp/ptb-surrogate"


class FirstSamples(nb.Strategy):
    """Random sampling of the first `count` architectures, over and over."""

    def __init__(self, *args: Any, count: int = 3) -> None:
        super().__init__(*args)
        self.pool = [self.space.sample(self.rng) for _ in range(count)]
        self.asked = 0

    def ask(self) -> nb.Proposal:
        self.asked += 1
        return nb.Proposal(self.pool[self.asked % len(self.pool)])


@pytest.fixture(scope="module")
def bench() -> nb.Benchmark:
    return nb.load(SURROGATE)


def test_every_public_name_exists() -> None:
    for name in nb.__all__:
        try:
            assert getattr(nb, name) is not None
        except MissingExtraError as error:  # a name of an extra
            assert "nni-nlp-bench[torch]" in str(error)
    assert set(nb.__all__) <= set(dir(nb))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        nb.nonsense  # noqa: B018


def test_import_loads_no_library_and_is_quick() -> None:
    program = (
        "import sys, time; before = set(sys.modules); start = time.perf_counter()\n"
        "import nni_nlp_bench\n"
        "print(time.perf_counter() - start, *(set(sys.modules) - before))"
    )
    best = 1.0
    for _ in range(3):
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
        seconds, *modules = out.split()
        best = min(best, float(seconds))
        assert {name.partition(".")[0] for name in modules} <= {
            "nni_nlp_bench",
            *sys.builtin_module_names,
            *sys.stdlib_module_names,
        }
    assert best < 0.05


def test_the_lines_of_the_documentation(bench: nb.Benchmark, tmp_path: Path) -> None:
    assert bench.query(bench.space.parse("lstm")).test_loss == pytest.approx(4.65, abs=0.05)
    result = nb.search(bench, "regularized_evolution", n_trials=30, seed=0)
    frame = result.to_dataframe()
    assert len(result.trials) == len(frame) == 30
    assert result.best_loss == frame.test_loss[frame.status == "OK"].min()
    assert bench.query(result.best_architecture).test_loss == result.best_loss
    strategies = ["random", FirstSamples, ("bayesian", {"beta": 1.0})]
    comparison = nb.compare(bench, strategies, n_trials=12, seeds=range(2))
    ranking = comparison.ranking()
    assert set(ranking.index) == {"random", "FirstSamples", "bayesian(beta=1.0)"}
    assert ranking.regret.is_monotonic_increasing
    assert len(comparison.to_dataframe()) == 3 * 2 * 12
    comparison.plot(tmp_path / "curve.png")
    comparison.report(tmp_path / "report.html")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "FirstSamples" in (tmp_path / "report.html").read_text("utf-8")


def test_ask_and_tell_is_the_same_search(bench: nb.Benchmark) -> None:
    strategy = nb.make_strategy("tpe", bench.space, seed=3)
    asked = []
    for _ in range(25):
        proposal = strategy.ask()
        assert proposal is not None
        loss = bench.query(proposal.architecture).test_loss
        assert loss is not None
        asked.append(proposal.architecture.canonical_key)
        failed = bench.query(proposal.architecture).status != "OK"
        strategy.tell(proposal, -bench.unit.failure if failed else -loss)
    result = nb.search(bench, "tpe", n_trials=25, seed=3)
    assert asked == [trial.key for trial in result.trials]


@pytest.mark.parametrize(
    "strategy",
    [FirstSamples, (FirstSamples, {"count": 5}), "random(share=1.0)", ("random", {"share": 1.0})],
    ids=str,
)
def test_a_strategy_is_a_name_a_class_or_either_with_options(strategy: Any) -> None:
    result = nb.search(synthetic_table(40), strategy, n_trials=8)
    assert len(result.trials) == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: nb.search(t, "magic"), "unknown strategy 'magic'; known: area, asha"),
        (lambda t: nb.search(t, "random(size=3)"), "'random' has no option 'size'; known: share"),
        (lambda t: nb.search(t, ("tpe", {"size": 3})), "'tpe' has no option 'size'"),
        (lambda t: nb.search(t, "random(3)"), "options are written option=value"),
        (lambda t: nb.search(t, "random(share="), "write a name, or name"),
        (lambda t: nb.search(t, "random(share=open('x'))"), "options are written option=value"),
        (lambda t: nb.search(t, dict), "'dict' is not a subclass of Strategy"),
        (lambda t: nb.search(t, n_trials=0), "a budget of 0 evaluations is empty"),
        (lambda t: nb.search(t, on_missing="guess"), "unknown on_missing 'guess'; known: error"),
        (lambda t: nb.search("magic"), "unknown benchmark 'magic'"),
        (lambda t: nb.search(SURROGATE, "hyperband"), "has no learning curves"),
        (lambda t: nb.search(SURROGATE, restrict=True), "nothing to restrict"),
        (lambda t: nb.load("mini", space="textnas"), "mini is a benchmark of space 'rnn_cell'"),
        (lambda t: nb.make_strategy("hyperband", t.space), "shorter trainings too: give epochs"),
    ],
)
def test_a_wrong_argument_is_told_with_its_remedy(
    call: Callable[[nb.Table], object], message: str
) -> None:
    with pytest.raises(nb.UserError) as error:
        call(synthetic_table(40))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_comparison_is_saved_and_resumed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = nb.compare(
        synthetic_table(40), ["random", "local_search"], n_trials=9, seeds=2, out=out
    )
    journals = sorted(path.name for path in (out / "journals").iterdir())
    assert journals == [f"{s}-{k}.jsonl" for s in ("local_search", "random") for k in (0, 1)]
    before = {path: path.stat().st_mtime_ns for path in (out / "journals").iterdir()}
    again = nb.compare(
        synthetic_table(40), ["random", "local_search"], n_trials=9, seeds=2, out=out
    )
    pd.testing.assert_frame_equal(first.to_dataframe(), again.to_dataframe())
    assert before == {path: path.stat().st_mtime_ns for path in (out / "journals").iterdir()}
    with pytest.raises(nb.UserError, match="other options"):
        nb.compare(synthetic_table(40), ["random"], n_trials=9, seeds=2, out=out)
    assert json.loads((out / "best.json").read_text())["space"] == "rnn_cell"


def test_parallel_searches_are_the_same(tmp_path: Path) -> None:
    options: dict[str, Any] = {"n_trials": 12, "seeds": 2}
    one = nb.compare(synthetic_table(40), ["random", "local_search"], **options)
    two = nb.compare(synthetic_table(40), ["random", "local_search"], n_jobs=2, **options)
    pd.testing.assert_frame_equal(one.to_dataframe(), two.to_dataframe())


def test_unequal_trainings_are_compared_at_equal_cost() -> None:
    table = synthetic_table(60)
    comparison = nb.compare(table, ["random", "hyperband"], n_trials=10, seeds=1)
    assert "simulated hours, the cost of 10 full trainings, per search" in comparison.title
    spent = {r.strategy: max(t.end_s for t in r.trials) / 3600 for r in comparison.results}
    longest = 9 * 100 / 3600
    assert abs(spent["random"] - spent["hyperband"]) <= longest
    assert len(comparison.results[1].trials) > 10, "short trainings are cheaper"
    alone = nb.compare(table, ["hyperband"], n_trials=10, seeds=1)
    assert len(alone.results[0].trials) == 10
    told = nb.compare(table, ["random", "hyperband"], n_trials=10, n_epochs=30, seeds=1)
    assert told.budget == "10 evaluations, 30 epochs"


def test_a_used_up_table_ends_the_search() -> None:
    table = synthetic_table(12)
    result = nb.search(table, "random", n_trials=500)
    assert result.exhausted
    assert len(result.trials) == len(table)
    assert not nb.search(table, "random", n_trials=5).exhausted


def test_a_search_stays_on_its_table() -> None:
    table = synthetic_table(40)
    assert all(trial.architecture in table for trial in nb.search(table, "random", seed=7).trials)
    with pytest.raises(nb.UserError, match="nearest"):
        nb.search(table, "random", seed=7, restrict=False)
    near = nb.search(table, "random", seed=7, n_trials=20, on_missing="nearest")
    assert any(trial.replaced for trial in near.trials)


def test_fewer_than_ten_frames_lead_from_a_search_to_its_table() -> None:
    class Counting(nb.Table):
        """A table that counts the frames of its callers up to the test."""

        frames = 0

        def query(self, *args: Any, **kwargs: Any) -> nb.Result:
            frame, count = sys._getframe(1), 1
            while (
                frame.f_code.co_name != "test_fewer_than_ten_frames_lead_from_a_search_to_its_table"
            ):
                assert frame.f_back is not None
                frame, count = frame.f_back, count + 1
            self.frames = max(self.frames, count)
            return super().query(*args, **kwargs)

    table = synthetic_table(40)
    counting = Counting(table.metadata, table.arrays)
    nb.search(counting, "regularized_evolution", n_trials=30)
    assert 0 < counting.frames < 10


@pytest.mark.skipif(sys.gettrace() is not None, reason="what measures coverage allocates too")
def test_an_evaluation_takes_less_than_a_kilobyte() -> None:
    memory: dict[int, int] = {}

    def measure(trial: nb.Trial) -> None:
        if trial.index in (100, 500):
            gc.collect()
            memory[trial.index], _ = tracemalloc.get_traced_memory()

    tracemalloc.start()
    nb.search(nb.load("mini"), "random", n_trials=501, callback=measure)
    tracemalloc.stop()
    assert (memory[500] - memory[100]) / 400 < 1000


def test_names_are_listed() -> None:
    assert "rnn_cell" in nb.list_spaces()
    assert SURROGATE in nb.list_benchmarks()
    assert {"random", "tpe"} <= set(nb.list_strategies())
    assert "pydoc" in nb.list_corpora()
    assert "docstrings" in nb.list_datasets()
    assert nb.get_space("textnas").name == "textnas"
