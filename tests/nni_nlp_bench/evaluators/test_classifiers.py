"""Training of classifiers as an evaluator: of a trial, of NNI's strategies, of NNI's tuners."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.base import EVALUATORS
from nni_nlp_bench.frameworks.nni.retraining import retrain
from nni_nlp_bench.training.classification.run import train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import network_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.registry import get_space
from search_spaces.textnas import Arc, Layer

ARC = Arc((Layer(0, "conv1"), Layer(0, "max_pool3", (0,)), Layer(1, "avg_pool3")))
COLOURS = {"warm": ("red", "orange"), "cold": ("blue", "green")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables in which a colour tells the label."""
    folder = tmp_path / "colours"
    folder.mkdir()
    rows = [
        f"the {colour} thing {number}\t{label}"
        for label, colours in COLOURS.items()
        for colour in colours
        for number in range(20)
    ]
    for part in ("train", "dev", "test"):
        text = "\n".join(["text\tlabel", *rows]) + "\n"
        (folder / f"{part}.tsv").write_text(text, "utf-8")
    return folder


def trial(space: str, *options: object) -> Any:
    kind = EVALUATORS.get("training")
    parser = ArgumentParser()
    kind.add_options(parser)
    return kind(space, parser.parse_args([str(option) for option in options]))


def test_a_trial_trains_a_classifier_and_reports_every_epoch(folder: Path) -> None:
    evaluator = trial("textnas", "--data", folder, "--full-epochs", 3, "--width", 8)
    reported: list[float] = []
    metrics = evaluator.evaluate(ARC, None, reported.append)
    settings = ClassifierSettings(epochs=3, batch_size=32, max_length=32)
    task = network_task(
        "textnas", ARC, EmbeddedDataset.load(str(folder), None, 0), settings, width=8
    )
    curves = train_classifier(task)
    assert reported == pytest.approx(curves.dev_losses)
    assert metrics["default"] == reported[-1]
    assert metrics["dev_accuracy"] == curves.dev_accuracies[-1]
    assert (metrics["epochs"], metrics["predicted"]) == (3, 0)
    shorter = evaluator.evaluate(ARC, 1, reported.append)
    assert shorter["epochs"] == 1


def test_a_trial_trains_an_encoder_of_its_own_width(folder: Path) -> None:
    encoder = get_space("encoder").parse("3")
    evaluator = trial("encoder", "--data", folder, "--full-epochs", 1)
    metrics = evaluator.evaluate(encoder, None, lambda loss: None)
    settings = ClassifierSettings(epochs=1, batch_size=32, max_length=32)
    task = network_task(
        "encoder", encoder, EmbeddedDataset.load(str(folder), None, 0), settings, dropout=0.2
    )
    assert metrics["default"] == train_classifier(task).dev_losses[-1]
    with pytest.raises(UserError, match="encoder define the width of their networks"):
        trial("encoder", "--data", folder, "--width", 8)


def test_nnis_evolution_searches_by_trainings(folder: Path) -> None:
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.space import RawFormatModelSpace
    from nni.nas.strategy import RegularizedEvolution

    from nni_nlp_bench.frameworks.nni.evaluators.classifier import ClassifierEvaluator
    from search_spaces.textnas.model_space import TextNasModelSpace

    settings = ClassifierSettings(epochs=2, batch_size=16, learning_rate=0.01, epsilon=1e-8)
    evaluator = ClassifierEvaluator(str(folder), settings)
    space = TextNasModelSpace(layers=3, width=8)
    strategy = RegularizedEvolution(population_size=2, sample_size=2)
    strategy(RawFormatModelSpace.from_model(space, evaluator), SequentialExecutionEngine(4))
    found = list(strategy.list_models(limit=4))
    assert len(found) == 4
    assert [model.metric for model in found] == sorted(
        (model.metric for model in found), reverse=True
    )
    best = found[0].executable_model()
    assert evaluator.evaluate(best) == found[0].metric
    assert len(best.arc.layers) == 3


def test_an_evaluator_that_trains_on_dev_is_refused(folder: Path) -> None:
    from nni_nlp_bench.frameworks.nni.evaluators.classifier import ClassifierEvaluator

    with pytest.raises(UserError, match="train_on must be 'train'"):
        ClassifierEvaluator(str(folder), ClassifierSettings(train_on="train+dev"))


def options(folder: Path) -> Namespace:
    file = folder.parent / "arc.json"
    file.write_text(ARC.to_json(), "utf-8")
    return Namespace(
        space="textnas",
        architecture=str(file),
        data=str(folder),
        vectors=None,
        full_epochs=2,
        seed=0,
        device="cpu",
    )


def test_the_parameters_of_a_tuner_decide_a_training(folder: Path) -> None:
    reported: list[float] = []
    chosen = {"learning_rate": 0.01, "batch_size": 16, "width": 8, "dropout": 0.4, "epochs": 3}
    metrics = retrain(options(folder), chosen, reported.append)
    settings = ClassifierSettings(
        epochs=3, batch_size=16, learning_rate=0.01, embedding_dropout=0.4
    )
    words = EmbeddedDataset.load(str(folder), None, 0)
    curves = train_classifier(network_task("textnas", ARC, words, settings, width=8, dropout=0.4))
    assert reported == curves.dev_accuracies
    assert metrics["default"] == reported[-1]
    assert metrics["dev_loss"] == curves.dev_losses[-1]


@pytest.mark.parametrize("name", ["seed", "train_on", "learningrate"])
def test_a_parameter_that_no_training_has_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"unknown parameter '{name}' .* known: epochs, "):
        retrain(options(folder), {name: 1}, print)


@pytest.mark.parametrize(("given", "threads"), [(None, "1"), ("3", "3")])
def test_a_trial_computes_with_one_thread(given: str | None, threads: str) -> None:
    code = (
        "import os; from nni_nlp_bench.frameworks.nni.command import run_command; "
        "run_command(lambda _: print(os.environ['OMP_NUM_THREADS']))"
    )
    others = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment = others if given is None else {**others, "OMP_NUM_THREADS": given}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == threads
