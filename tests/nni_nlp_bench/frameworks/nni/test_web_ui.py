"""Finished experiments in NNI's web UI, and in a report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.nni]

EXPERIMENTS = Path(__file__).parents[4] / "experiments"
STRATEGIES, SEEDS = ["random", "local_search"], [0, 1]
CRASHES = "case $NNI_TRIAL_SEQ_ID in 1) exit 3;; 4) kill -9 $$;; esac; "
DESCRIPTORS = ("hidden_states", "nodes", "parameters_m", "linear", "tanh", "default", "perplexity")


def config_of(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((EXPERIMENTS / name).read_text())
    return config


@pytest.fixture(scope="module")
def finished(module_nni_home, wait_until) -> Iterator[dict[str, Any]]:
    """Two finished experiments: a comparison, and cells with some failing trials."""
    comparison = config_of("compare_strategies.yml")
    comparison["searchSpace"]["seed"]["_value"] = SEEDS
    comparison["searchSpace"]["strategy"]["_value"] = STRATEGIES
    comparison["trialCommand"] = comparison["trialCommand"].replace("100", "20")
    cells = config_of("rnn_cell_evolution.yml")
    cells["trialCommand"] = CRASHES + cells["trialCommand"]
    comparison["maxTrialNumber"], cells["maxTrialNumber"] = 4, 8
    experiments = {
        name: module_nni_home.up(config)
        for name, config in (("comparison", comparison), ("cells", cells))
    }
    for experiment in experiments.values():
        experiment.wait_for("DONE")

    def finals() -> int:
        rows = experiments["comparison"].metric_data()
        return sum(row["type"] == "FINAL" for row in rows)

    wait_until(lambda: finals() == 4)  # NNI may learn a result after the end of its trial.
    yield experiments


@pytest.fixture(scope="module")
def viewed(finished, module_nni_home) -> dict[str, Any]:
    """The same experiments, stopped and opened with `nnictl view`."""
    experiments = {}
    for name, experiment in finished.items():
        assert module_nni_home.run("experiment", "down", experiment.id).returncode == 0
        experiments[name] = module_nni_home.view(experiment)
        assert experiments[name].get("check-status")["status"] == "VIEWED"
    return experiments


def test_export_has_all_searches(finished, module_nni_home) -> None:
    file = module_nni_home.folder / "export.json"
    comparison = finished["comparison"].id
    command = ("experiment", "export", comparison, "--type", "json", "--filename", str(file))
    assert module_nni_home.call("nnictl", *command).returncode == 0
    searches = json.loads(file.read_text())
    parameters = [search["parameter"] for search in searches]
    pairs = {(p["strategy"], p["seed"]) for p in parameters}
    assert pairs == {(strategy, seed) for strategy in STRATEGIES for seed in SEEDS}
    for search in searches:
        value = json.loads(search["value"])
        assert value["evaluations"] == value["predicted"] == 20
        assert 84 < value["perplexity"] < 200
        assert value["hours"] > 0


def test_trials_have_their_actual_parameters(finished) -> None:
    """Even if trials start simultaneously."""
    for experiment in finished.values():
        for trial in experiment.trial_jobs():
            recorded = str(json.loads(trial["hyperParameters"][0])["parameter_id"])
            reported = [metric["parameterId"] for metric in trial.get("finalMetricData", [])]
            assert reported in ([recorded], [])


def test_search_continues_after_failed_trials(finished) -> None:
    cells = finished["cells"]
    status = {t["sequenceId"]: t["status"] for t in cells.trial_jobs()}
    assert len(status) == 8
    assert (status[1], status[4]) == ("FAILED", "USER_CANCELED")  # as NNI calls a killed trial
    assert list(status.values()).count("SUCCEEDED") >= 3
    log = (cells.folder / "checkpoint" / "nni_nlp_bench.jsonl").read_text().splitlines()
    scores = [event["score"] for event in map(json.loads, log) if event["event"] == "tell"]
    assert len(scores) == 8
    assert scores.count(None) == sum(s != "SUCCEEDED" for s in status.values())


@pytest.fixture(scope="module")
def tab(browser, screenshot, viewed, wait_until) -> Callable[..., Any]:
    """Open a tab of "Trials detail" and return what `shows` finds in its panel.

    The page is rendered again at any time, so each look at it is one script.
    """

    def open_tab(experiment: str, name: str, shows: Callable[[Any], Any]) -> Any:
        browser.get(f"{viewed[experiment].url}/detail")
        wait_until(lambda: browser.execute_script(CLICK_TAB, name))
        found = wait_until(lambda: shows(browser))
        screenshot(f"{experiment} {name}")
        return found

    return open_tab


CLICK_TAB = """
    const tabs = [...document.querySelectorAll("[role=tab]")];
    const tab = tabs.find((each) => each.innerText.includes(arguments[0]));
    tab?.click();
    return tab !== undefined;
"""
AXES = """
    const dimensions = document.querySelectorAll("[role=tabpanel] svg .dimension");
    return [...dimensions].map((axis) => [
        axis.querySelector(".label")?.textContent,
        [...axis.querySelectorAll(".tick")].map((tick) => tick.textContent),
    ]);
"""
COLOURS = """
    const canvas = document.querySelector("[role=tabpanel] canvas");
    if (canvas === null) return 0;
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, alpha] = data.slice(i, i + 4);
        if (alpha === 255 && Math.max(r, g, b) - Math.min(r, g, b) > 60) {
            const key = (r << 16) + (g << 8) + b;
            counts.set(key, (counts.get(key) || 0) + 1);
        }
    }
    return [...counts.values()].filter((count) => count >= 40).length;
"""


def axes(browser: Any) -> dict[str, list[str]]:
    """The ticks of every axis by its name; none until the axes of the results are there."""
    found: dict[str, list[str]] = dict(browser.execute_script(AXES))
    return found if "perplexity" in found else {}


def colours(browser: Any) -> int:
    """How many bright colours the panel's canvas shows, each on at least forty points."""
    return int(browser.execute_script(COLOURS))


@pytest.mark.browser
def test_strategies_are_an_axis(tab) -> None:
    shown = tab("comparison", "Hyper-parameter", axes)
    assert list(shown)[:3] == ["seed", "strategy", "default"]
    assert shown["strategy"] == STRATEGIES
    assert shown["seed"] == ["0", "1"]
    assert {"loss", "perplexity", "hours", "evaluations", "failed", "predicted"} <= set(shown)


@pytest.mark.browser
def test_searches_are_curves(tab) -> None:
    """The curves are animated."""
    searches = len(STRATEGIES) * len(SEEDS)
    tab("comparison", "Intermediate result", lambda page: colours(page) >= searches)


@pytest.mark.browser
def test_cells_have_descriptors_as_axes(tab) -> None:
    shown = tab("cells", "Hyper-parameter", axes)
    assert set(DESCRIPTORS) <= set(shown)
    assert not {"architecture", "mutation_summary"} & set(shown)
    ticks = [tick.replace(",", "") for ticks in shown.values() for tick in ticks]
    assert all(float(tick) >= 0 for tick in ticks)


@pytest.mark.browser
def test_lowest_regret_is_the_best(browser, screenshot, viewed, wait_until) -> None:
    comparison = viewed["comparison"]
    results = [
        json.loads(json.loads(t["finalMetricData"][0]["data"])) for t in comparison.trial_jobs()
    ]
    browser.get(f"{comparison.url}/oview")

    def best_metric() -> str:
        """The number that stands above this name, as soon as there is one."""
        text = browser.execute_script("return document.body.innerText")
        before, name, _ = text.partition("Best metric")
        number = before.split()[-1:] if name else []
        return number[0] if number and re.fullmatch(r"[\d.]+", number[0]) else ""

    shown = wait_until(best_metric)
    screenshot("comparison overview")
    assert float(shown) == pytest.approx(min(r["default"] for r in results), abs=1e-5)


def test_report_on_the_experiment(finished, module_nni_home) -> None:
    """The appearance is tested in reports/test_page_in_browser.py."""
    out = module_nni_home.folder / "report.html"
    ids = [experiment.id for experiment in finished.values()]
    done = module_nni_home.run("report", *ids, "--out", str(out))
    assert done.returncode == 0, done.stderr
    page = out.read_text()
    for text in (*ids, *STRATEGIES, "regularized_evolution"):
        assert text in page
