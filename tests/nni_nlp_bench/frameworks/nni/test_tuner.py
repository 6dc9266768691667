"""Tuners under the calls of NNI's dispatcher: late, early, missing and imported results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.grid_tuner import GridTuner
from nni_nlp_bench.frameworks.nni.tuner import StrategyTuner
from nni_nlp_bench.frameworks.nni.tuning import ask_tell_tuner
from nni_nlp_bench.frameworks.nni.tuning.ask_tell_tuner import LOG, AskTellTuner
from search_spaces.constrained import ConstrainedSpace

Parameters = dict[str, Any]


class Dispatcher:
    """The part of NNI's dispatcher that tuners use."""

    def __init__(self, tuner: AskTellTuner) -> None:
        self.tuner = tuner
        self.sent: list[Parameters] = []
        self.errors: list[str] = []
        self.ids = 0

    def send_trial_callback(self, id_: int, params: Parameters) -> None:
        self.sent.append(params)

    def report_error(self, error: str) -> None:
        self.errors.append(error)

    def request(self, count: int = 1) -> list[Parameters]:
        ids = list(range(self.ids, self.ids + count))
        self.ids += count
        new = self.tuner.generate_multiple_parameters(ids, st_callback=self.send_trial_callback)
        self.sent += new
        return new

    def result(self, id_: int, value: Any) -> None:
        self.tuner.receive_trial_result(id_, self.sent[id_], value)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Dispatcher]:
    """A tuner in an experiment whose checkpoints lie in `tmp_path`."""
    monkeypatch.setenv("NNI_CHECKPOINT_DIRECTORY", str(tmp_path))

    def begin(search_space: Any = None, **class_args: Any) -> Dispatcher:
        tuner = StrategyTuner(**({"strategy": "local_search"} | class_args))
        tuner.update_search_space(search_space or {})
        return Dispatcher(tuner)

    return begin


def events(folder: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (folder / LOG).read_text().splitlines()]


def test_parameters_shown_in_the_web_ui(start) -> None:
    (parameters,) = start(strategy="random").request()
    cell, axes = json.loads(parameters["architecture"]), parameters["mutation_summary"]
    assert axes["nodes"] == len(cell)
    operations = ("linear", "tanh", "sigm", "leaky_relu", "sum", "prod", "blend")
    assert sum(axes[name] for name in operations) == len(cell)
    assert 5 < axes["parameters_m"] < 40
    assert all(isinstance(value, int | float) for value in axes.values())


def test_result_before_or_after_the_end_of_the_trial(start, tmp_path) -> None:
    dispatcher = start()
    dispatcher.request(2)
    dispatcher.result(0, 5.0)
    dispatcher.tuner.trial_end(0, True)
    dispatcher.tuner.trial_end(1, True)
    dispatcher.result(1, {"default": 4.0, "perplexity": 54.6})
    assert events(tmp_path).count("tell") == 2


def test_successful_trial_without_result_fails_after_a_timeout(
    start, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(ask_tell_tuner, "RESULT_TIMEOUT_S", 1)
    dispatcher = start()
    dispatcher.request()
    dispatcher.tuner.trial_end(0, True)
    assert "tell" not in events(tmp_path)
    deadline = time.monotonic() + 60
    while events(tmp_path)[-1] != "tell":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    dispatcher.result(0, 4.0)  # so late that it is news from elsewhere
    assert events(tmp_path)[-1] == "learn"


def test_failed_trial_is_reported_immediately(start, tmp_path) -> None:
    dispatcher = start()
    dispatcher.request()
    dispatcher.tuner.trial_end(0, False)
    assert json.loads((tmp_path / LOG).read_text().splitlines()[-1])["score"] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"default": float("nan")}])
def test_non_finite_result_is_a_failure(start, tmp_path, value) -> None:
    dispatcher = start()
    dispatcher.request()
    dispatcher.result(0, value)
    assert json.loads((tmp_path / LOG).read_text().splitlines()[-1])["score"] is None


def test_trial_of_the_user_is_ignored(start) -> None:
    dispatcher = start()
    dispatcher.request()
    dispatcher.tuner.trial_end(None, True)
    dispatcher.tuner.trial_end(99, False)
    assert dispatcher.errors == []


@pytest.mark.parametrize(("mode", "better"), [("minimize", 0), ("maximize", 1)])
def test_optimize_mode_selects_the_better_result(start, mode, better) -> None:
    """Local search continues with neighbours of the best cell."""
    dispatcher = start(optimize_mode=mode, options={"starts": 2})
    dispatcher.request(2)
    dispatcher.result(0, 1.0)
    dispatcher.result(1, 2.0)
    space = dispatcher.tuner._codec.space
    (neighbour,) = dispatcher.request()
    centre = space.parse(dispatcher.sent[better]["architecture"])
    assert space.parse(neighbour["architecture"]) in space.neighbours(centre)


def test_pending_requests_are_served_when_a_score_is_known(start) -> None:
    """Hyperband's first rung must end before the second one begins."""
    dispatcher = start(strategy="hyperband", epochs=9)
    first = dispatcher.request(12)
    assert len(first) == 9 and all(p["epochs"] == 1 for p in first)
    for id_ in range(9):
        assert len(dispatcher.sent) == 9
        dispatcher.result(id_, float(id_))
    second = dispatcher.sent[9:]
    assert [p["epochs"] for p in second] == [3, 3, 3]
    best = {p["architecture"] for p in first[:3]}
    assert {p["architecture"] for p in second} == best


def test_asha_keeps_all_workers_busy_and_promotes_at_once(start) -> None:
    """Requests are served at once; after three results of one epoch the best goes on."""
    dispatcher = start(strategy="asha", epochs=9)
    first = dispatcher.request(12)
    assert len(first) == 12 and all(p["epochs"] == 1 for p in first)
    for id_ in range(3):
        dispatcher.result(id_, float(id_))
    (promoted,) = dispatcher.request()
    assert (promoted["architecture"], promoted["epochs"]) == (first[0]["architecture"], 3)


@pytest.mark.parametrize(
    ("class_args", "message"),
    [
        ({"strategy": "nonsense"}, "unknown strategy 'nonsense'; known: area, asha"),
        ({"space": "nonsense"}, "unknown search space 'nonsense'"),
        ({"strategi": "random"}, "unknown classArgs 'strategi'"),
        ({"seed": "x"}, "classArgs seed: invalid value 'x'"),
        ({"optimize_mode": "max"}, "minimize or maximize, not 'max'"),
        ({"options": {"star": 3}}, "classArgs options: .*star"),
        ({"strategy": "hyperband"}, "give classArgs epochs"),
        ({"restrict_to": "nowhere"}, "unknown benchmark 'nowhere'"),
        ({"restrict_to": "nas-bench-nlp/ptb-surrogate"}, "is not a table of rnn_cell"),
        (
            {"search_space": {"nods": {"_type": "choice", "_value": [2]}}},
            "unknown descriptor 'nods'",
        ),
        ({"search_space": {"nodes": [2, 3]}}, "'nodes' must be a choice"),
        ({"search_space": {"nodes": {"_type": "choice", "_value": [1]}}}, "none of 30 random"),
    ],
)
def test_error_is_reported_to_the_manager(start, class_args, message, monkeypatch) -> None:
    """Errors are deferred until the manager can receive them: otherwise it would wait forever."""
    monkeypatch.setattr(ConstrainedSpace, "_samples", 30)
    dispatcher = start(**class_args)
    with pytest.raises(UserError, match=message):
        dispatcher.request()
    assert len(dispatcher.errors) == 1


def test_error_in_a_strategy_is_reported_to_the_manager(start, monkeypatch) -> None:
    dispatcher = start()
    dispatcher.request()
    monkeypatch.setattr(dispatcher.tuner._strategy, "tell", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dispatcher.result(0, 1.0)
    assert dispatcher.errors == ["ZeroDivisionError: division by zero"]


def test_search_space_can_change_during_the_search(start, caplog) -> None:
    dispatcher = start(strategy="random")
    dispatcher.request(3)
    dispatcher.tuner.update_search_space({"hidden_states": {"_type": "choice", "_value": [1]}})
    bounded = dispatcher.request(5)
    assert {p["mutation_summary"]["hidden_states"] for p in bounded} == {1}
    dispatcher.tuner.update_search_space({"hiden_states": {"_type": "choice", "_value": [2]}})
    assert "continues with the previous bounds" in caplog.text
    assert {p["mutation_summary"]["hidden_states"] for p in dispatcher.request(5)} == {1}
    assert dispatcher.errors == []


def test_imported_results(start, caplog) -> None:
    """They are added as observations, and invalid ones are ignored with a message."""
    other = start(strategy="random", seed=1)
    imported = [{"parameter": p, "value": 5.0 - i} for i, p in enumerate(other.request(3))]
    dispatcher = Dispatcher(StrategyTuner(strategy="local_search"))
    (Path(dispatcher.tuner.get_checkpoint_path()) / LOG).unlink()
    dispatcher.tuner.update_search_space({})
    dispatcher.tuner.import_data([*imported, {"parameter": {"x": 1}, "value": 1.0}])
    assert "imported result ignored" in caplog.text
    known = {entry["parameter"]["architecture"] for entry in imported}
    assert not known & {p["architecture"] for p in dispatcher.request(20)}


CHOICES = {
    "seed": {"_type": "choice", "_value": [0, 1, 2]},
    "strategy": {"_type": "choice", "_value": ["a", "b"]},
}


@pytest.fixture
def grid(start) -> Dispatcher:
    tuner = GridTuner()
    tuner.update_search_space(CHOICES)
    return Dispatcher(tuner)


def test_grid_order(grid) -> None:
    combinations = [(p["strategy"], p["seed"]) for p in grid.request(10)]
    assert combinations == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_added_choices_come_last(grid) -> None:
    grid.request(10)
    more = {**CHOICES, "strategy": {"_type": "choice", "_value": ["c", "a"]}}
    grid.tuner.update_search_space(more)
    added = [(p["strategy"], p["seed"]) for p in grid.sent[6:]]
    assert added == [("c", 0), ("c", 1), ("c", 2)]


def test_imported_combinations_are_skipped(grid) -> None:
    grid.tuner.import_data([{"parameter": {"strategy": "b", "seed": 0}, "value": 0.1}])
    assert len(grid.request(10)) == 5


@pytest.mark.parametrize(
    ("class_args", "message"),
    [
        ({"optimise_mode": "minimize"}, "unknown classArgs 'optimise_mode'; known: optimize_mode"),
        ({"optimize_mode": "min"}, "minimize or maximize, not 'min'"),
    ],
)
def test_grid_accepts_only_optimize_mode(start, class_args, message) -> None:
    tuner = GridTuner(**class_args)
    tuner.update_search_space(CHOICES)
    with pytest.raises(UserError, match=message):
        Dispatcher(tuner).request()


def test_error_for_range_in_grid(start) -> None:
    tuner = GridTuner()
    tuner.update_search_space({"seed": {"_type": "randint", "_value": [0, 3]}})
    with pytest.raises(UserError, match="'seed' must be a choice, not 'randint'"):
        Dispatcher(tuner).request()
