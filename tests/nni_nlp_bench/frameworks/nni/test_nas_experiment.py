"""Strategies, evaluator and model space in NNI's `NasExperiment`, with a real manager."""

from __future__ import annotations

import json

import pytest

SCRIPT = """
import json, sys
from nni.nas.experiment import NasExperiment
from nni_nlp_bench.frameworks.nni.evaluators.benchmark import BenchmarkEvaluator
from nni_nlp_bench.frameworks.nni.strategies.to_nni import AskTellStrategy
from nni_nlp_bench.strategies.registry import make_strategy
from search_spaces.registry import get_space

if __name__ == "__main__":
    space = get_space("rnn_cell")
    evolution = make_strategy("regularized_evolution", space, seed=0, epochs=50, population=2)
    strategy = AskTellStrategy(evolution)
    model_space = space.model_space(input_size=40, hidden_size=60)
    experiment = NasExperiment(model_space, BenchmarkEvaluator(), strategy)
    experiment.config.max_trial_number = 3
    experiment.config.trial_concurrency = 1  # NNI may swap models of simultaneous trials
    experiment.run(int(sys.argv[1]))
    models = experiment.export_top_models(3)
    (best,) = experiment.export_top_models(1, formatter="dict")
    (module,) = experiment.export_top_models(1, formatter="instance")
    answers = {
        "metrics": [model.metric for model in models],
        "recipe": model_space.export(best).to_json(),
        "module": model_space.export(module).to_json(),
        "predicted": -BenchmarkEvaluator().evaluate(best),
        "history": strategy.state_dict()["history"],
    }
    experiment.stop()
    print("ANSWERS", json.dumps(answers))
"""


@pytest.mark.slow
@pytest.mark.nni
def test_nas_experiment_exports_its_best_model(nni_home) -> None:
    script = nni_home.folder / "search.py"
    script.write_text(SCRIPT)
    ran = nni_home.with_retries(lambda port: nni_home.call("python", str(script), str(port)))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ERROR" not in ran.stdout, ran.stdout
    answers = json.loads(ran.stdout.rpartition("ANSWERS ")[2])
    assert len(answers["metrics"]) == 3
    assert answers["metrics"] == sorted(answers["metrics"], reverse=True)
    assert answers["recipe"] == answers["module"]
    assert answers["predicted"] == pytest.approx(-answers["metrics"][0])
    scores = [score for event, _, score in answers["history"] if event == "tell"]
    assert sorted(scores, reverse=True) == answers["metrics"]
