"""Evaluators with a teacher: of trials, of NNI, of whole searches."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.distillation.distilled import distilled
from nni_nlp_bench.distillation.tokens import load_tokens
from nni_nlp_bench.evaluators.base import EVALUATORS
from nni_nlp_bench.frameworks.nni.one_shot_search import search_and_train
from nni_nlp_bench.training.classification.run import train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import network_task
from nni_nlp_bench.training.classification.words import subsample_train
from search_spaces.registry import get_space

CELL = get_space("emd_cell").parse("example")
SIZES = {"width": 4, "dropout": 0.2}
SETTINGS = ClassifierSettings(
    epochs=3, batch_size=16, max_length=8, optimizer="sgd", learning_rate=0.025, weight_decay=3e-4
)


@pytest.fixture(scope="module")
def folder(synthetic_set: LabelledSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the synthetic sentences as tables."""
    folder = tmp_path_factory.mktemp("synthetic")
    for part in ("train", "dev", "test"):
        rows = [
            f"{' '.join(words)}\t{synthetic_set.labels[label]}"
            for words, label in getattr(synthetic_set, part)[:96]
        ]
        (folder / f"{part}.tsv").write_text("\n".join(["text\tlabel", *rows]) + "\n", "utf-8")
    return folder


def trial(folder: Path, teacher: Path, *options: object) -> Any:
    kind = EVALUATORS.get("distilled")
    parser = ArgumentParser()
    kind.add_options(parser)
    given = ["--data", folder, "--teacher", teacher, "--width", 4, "--batch-size", 16,
             "--max-length", 8, "--full-epochs", 3, *options]  # fmt: skip
    return kind("emd_cell", parser.parse_args([str(option) for option in given]))


def test_a_trial_trains_a_student(folder: Path, teacher_folder: Path) -> None:
    reported: list[float] = []
    metrics = trial(folder, teacher_folder).evaluate(CELL, None, reported.append)
    words = load_tokens(str(folder), str(teacher_folder))
    task = network_task("emd_cell", CELL, words, SETTINGS, **SIZES)
    curves = train_classifier(distilled(task))
    assert reported == pytest.approx(curves.dev_losses)
    assert metrics["default"] == reported[-1]
    assert metrics["dev_accuracy"] == curves.dev_accuracies[-1]
    assert metrics["epochs"] == 3


@pytest.mark.slow
def test_short_trainings_alone_may_be_taught(folder: Path, teacher_folder: Path) -> None:
    words = load_tokens(str(folder), str(teacher_folder))
    plain = network_task("emd_cell", CELL, words, SETTINGS, **SIZES)
    short = replace(plain, settings=replace(SETTINGS, epochs=1))
    evaluator = trial(folder, teacher_folder, "--distill-when", "short", "--kd-loss", "nst",
                      "--kd-weight", 2)  # fmt: skip
    full, first = (evaluator.evaluate(CELL, epochs, lambda loss: None) for epochs in (3, 1))
    assert full["default"] == pytest.approx(train_classifier(plain).dev_losses[-1])
    assert first["default"] == pytest.approx(
        train_classifier(distilled(short, "nst", 2.0)).dev_losses[-1]
    )
    assert (full["epochs"], first["epochs"]) == (3, 1)


def test_short_trainings_may_see_a_share_of_the_sentences(
    folder: Path, teacher_folder: Path
) -> None:
    words = subsample_train(load_tokens(str(folder), str(teacher_folder)), 1 / 3, 0)
    evaluator = trial(folder, teacher_folder, "--short", "data", "--kd-loss", "none")
    found = evaluator.evaluate(CELL, 1, lambda loss: None)
    task = network_task("emd_cell", CELL, words, SETTINGS, **SIZES)
    assert found["epochs"] == 3
    assert found["default"] == pytest.approx(train_classifier(task).dev_losses[-1])


@pytest.mark.slow
def test_mf_kd_chooses_among_distilled_trainings_on_nnis_engine(
    folder: Path, teacher_folder: Path
) -> None:
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.space import RawFormatModelSpace

    from nni_nlp_bench.frameworks.nni.evaluators.classifier import ClassifierEvaluator
    from nni_nlp_bench.frameworks.nni.strategies.to_nni import AskTellStrategy
    from nni_nlp_bench.strategies.registry import make_strategy

    space = get_space("emd_cell")
    evaluator = ClassifierEvaluator(str(folder), SETTINGS, teacher=str(teacher_folder))
    model_space = space.model_space(width=4, cells=1)
    options = {"random_first": 4, "promote_first": 3, "low_share": 0.34}
    strategy = AskTellStrategy(make_strategy("mf_kd", space, 0, SETTINGS.epochs, **options))
    strategy(RawFormatModelSpace.from_model(model_space, evaluator), SequentialExecutionEngine(9))
    models = list(strategy.list_models(limit=9))
    lengths = [model.evaluator.settings.epochs for model in models]
    assert len(models) == 9
    assert set(lengths) == {1, 3}
    best = models[0]
    again = evaluator.with_epochs(best.evaluator.settings.epochs).evaluate(best.executable_model())
    assert again == best.metric


def options(folder: Path, teacher: Path) -> Namespace:
    return Namespace(
        space="emd_cell",
        data=str(folder),
        teacher=str(teacher),
        search_epochs=3,
        search_width=4,
        full_epochs=2,
        full_width=4,
        batch_size=24,
        max_length=8,
    )


@pytest.mark.parametrize(
    "strategy", ["kd_emd", pytest.param("random_one_shot", marks=pytest.mark.slow)]
)
def test_one_trial_is_one_search(
    strategy: str, folder: Path, teacher_folder: Path, quiet: None
) -> None:
    reported: list[float] = []
    parameters = {"strategy": strategy, "seed": 2, "cells": 1}
    found = search_and_train(options(folder, teacher_folder), parameters, reported.append)
    assert len(reported) == 3
    assert all(0 <= reward <= 1 for reward in reported)
    assert 0 <= found["default"] <= 1
    assert found["hours"] > found["search_minutes"] / 60 > 0
    assert np.isfinite(found["shared_accuracy"])


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"seed": 1}, "the search space lacks 'strategy'"),
        ({"strategy": "kd_emd", "nodes": 3}, "invalid parameter in the search space"),
        ({"strategy": "nonsense"}, "unknown one-shot strategy 'nonsense'"),
    ],
)
def test_parameters_that_no_search_has_are_refused(
    parameters: dict[str, Any], complaint: str, folder: Path, teacher_folder: Path
) -> None:
    with pytest.raises(UserError, match=complaint):
        search_and_train(options(folder, teacher_folder), parameters, print)
