"""Training and zero-cost scores as evaluators: of a trial, of NNI, on Lightning."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.evaluators.base import EVALUATORS, TrainingFailedError
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.training.run import train
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes
from search_spaces.best_of_n import BestOfNSpace
from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.features.untrained_dynamics import DETAILED, behaviour
from search_spaces.rnn_cell.published import named_recipe

TINY = ["--embedding", "8", "--hidden", "8", "--batch-size", "50", "--full-epochs", "2"]
CUBED = Recipe.from_json(
    {
        "l": {"op": "linear", "input": ["x", "h_prev_0"]},
        "s": {"op": "elementwise_sum", "input": ["l", "l", "l", "l", "l", "l", "l", "l"]},
        "p": {"op": "elementwise_prod", "input": ["s", "s", "s"]},
        "h_new_0": {"op": "elementwise_prod", "input": ["p", "s"]},
    }
)


def evaluator(name: str, *arguments: str, space: str = "rnn_cell") -> Any:
    kind = EVALUATORS.get(name)
    parser = ArgumentParser()
    kind.add_options(parser)
    return kind(space, parser.parse_args(arguments))


def test_a_trial_trains_and_reports_every_epoch() -> None:
    reported: list[float] = []
    gru = named_recipe("gru")
    metrics = evaluator("training", *TINY).evaluate(gru, None, reported.append)
    settings = Settings(
        2, Sizes(8, 8, 1), DROPOUTS["none"], "trained", 50, bptt=35, learning_rate=0.01
    )
    wanted = train(gru, load_corpus("pydoc-small"), settings)
    assert reported == pytest.approx(wanted.val_losses, rel=1e-5)
    assert metrics["default"] == reported[-1]
    assert metrics["perplexity"] == math.exp(reported[-1])
    assert (metrics["epochs"], metrics["predicted"]) == (2, 0)
    shorter = evaluator("training", *TINY).evaluate(gru, 1, reported.append)
    assert shorter["default"] == pytest.approx(reported[0], rel=1e-5)


def test_a_training_that_breaks_off_fails_the_trial() -> None:
    trial = evaluator("training", *TINY, "--learning-rate", "5")
    with pytest.raises(TrainingFailedError, match="the training failed: loss is nan!"):
        trial.evaluate(CUBED, None, lambda loss: None)


@pytest.mark.parametrize("name", ["training", "zero_cost"])
def test_bad_options_get_one_line(name: str) -> None:
    with pytest.raises(UserError, match="unknown corpus 'nowhere'"):
        evaluator(name, "--corpus", "nowhere")
    complaints = {"training": "unknown search space 'nowhere'", "zero_cost": "no zero-cost"}
    with pytest.raises(UserError, match=complaints[name]):
        evaluator(name, space="nowhere")


@pytest.mark.slow
def test_cells_of_enas_are_trained_as_well() -> None:
    reported: list[float] = []
    cell = get_space("enas_cell").sample(np.random.default_rng(0))
    trial = evaluator("training", *TINY, space="enas_cell")
    assert trial.evaluate(cell, None, reported.append)["default"] == reported[-1] < math.log(1_000)
    assert len(reported) == 2


@pytest.mark.slow
def test_the_trial_command_trains() -> None:
    module = ["-m", "nni_nlp_bench.frameworks.nni.trial", "--evaluator", "training", *TINY]
    command = [sys.executable, *module, "--architecture", "rnn", "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    epoch, final = done.stdout.splitlines()
    assert json.loads(final)["default"] == float(epoch)


def test_a_preference_is_higher_for_what_promises_a_lower_loss() -> None:
    gru, rnn = named_recipe("gru"), named_recipe("rnn")
    found = behaviour(gru, DETAILED)
    recall = found["recall_0"] + found["recall_product_0_1"] + found["recall_pair_1"]
    assert ZeroCostScorer("miniature_recall")(gru) == recall
    assert ZeroCostScorer("miniature_recall")(gru) > ZeroCostScorer("miniature_recall")(rnn)
    assert ZeroCostScorer("ntk_condition")(gru) < 0, "lower is better: its sign is turned"


def test_a_trial_without_training_minimises_minus_the_score() -> None:
    metrics = evaluator("zero_cost").evaluate(named_recipe("lstm"), None, lambda loss: None)
    expected = -ZeroCostScorer("miniature_recall")(named_recipe("lstm"))
    assert metrics == {"default": expected, "predicted": 1}
    layers = evaluator("zero_cost", "--score", "layer3_hidden_covariance")
    with pytest.raises(TrainingFailedError, match="no finite layer3_hidden_covariance"):
        layers.evaluate(named_recipe("lstm"), None, lambda loss: None)


@pytest.mark.slow
def test_nni_searches_by_a_zero_cost_score() -> None:
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.strategy import Random

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace
    from nni_nlp_bench.frameworks.nni.evaluators.zero_cost import ZeroCostEvaluator

    strategy = Random(seed=0)
    strategy(ChoiceSpace(ZeroCostEvaluator()), SequentialExecutionEngine(max_model_count=5))
    metrics = [model.metric for model in strategy.list_models(limit=5)]
    assert metrics == sorted(metrics, reverse=True)
    assert all(0 <= metric <= 3 for metric in metrics)


@pytest.mark.slow
def test_nni_trains_cells_on_lightning() -> None:
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.space import RawFormatModelSpace
    from nni.nas.strategy import Random

    from nni_nlp_bench.frameworks.nni.evaluators.training import lightning_evaluator

    settings = Settings(
        2, Sizes(8, 8, 1), DROPOUTS["none"], "trained", 50, bptt=35, learning_rate=0.01
    )
    training = lightning_evaluator("pydoc-small", settings, enable_progress_bar=False)
    space = get_space("rnn_cell").model_space(max_nodes=3, hidden_states=1)
    strategy = Random(seed=3)
    strategy(RawFormatModelSpace.from_model(space, training), SequentialExecutionEngine(2))
    models = list(strategy.list_models(limit=2))
    assert len({str(space.export(model.sample)) for model in models}) == 2
    corpus = load_corpus("pydoc-small")
    for model in models:
        losses = [-value for value in model.metrics.intermediates]
        assert losses[-1] == -model.metric
        wanted = train(space.export(model.sample), corpus, settings).val_losses
        assert losses == pytest.approx(wanted, rel=0.03)


def test_random_cells_are_the_best_of_several_by_the_score() -> None:
    space = get_space("rnn_cell")
    prefer = ZeroCostScorer("miniature_recall")
    preferred = BestOfNSpace(space, prefer, candidates=6)
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(3):
        drawn = [space.sample(again) for _ in range(6)]
        assert prefer(preferred.sample(rng)) == max(prefer(cell) for cell in drawn)
    assert preferred.mutate(drawn[0], rng).canonical_key != drawn[0].canonical_key
    assert preferred.name == "rnn_cell"


def test_what_has_no_score_is_drawn_last() -> None:
    space = get_space("rnn_cell")
    odd = BestOfNSpace(
        space, lambda cell: math.nan if len(cell.nodes) % 2 else -len(cell.nodes), candidates=8
    )
    rng = np.random.default_rng(1)
    assert all(len(odd.sample(rng).nodes) % 2 == 0 for _ in range(10))


@pytest.mark.slow
def test_a_warm_start_finds_good_cells_earlier(tmp_path: Path) -> None:
    """On the surrogate, after 15 evaluations, in the mean of three seeds."""

    def loss(*more: str) -> float:
        command = ["nni_nlp_bench.cli.app", "search", "--strategy", "random", "--trials", "15"]
        out = tmp_path / "".join(more)
        code = "import sys; sys.argv = sys.argv[1:]; from nni_nlp_bench.cli.app import main; main()"
        words = [*command, "--seeds", "3", "--out", str(out), *more]
        subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
        with (out / "summary.csv").open(encoding="utf-8") as stream:
            return float(np.mean([float(row["regret"]) for row in csv.DictReader(stream)]))

    assert loss("--warm-start", "miniature_recall") < loss()
