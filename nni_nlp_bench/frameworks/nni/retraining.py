"""Trial that trains one architecture.

    python -m nni_nlp_bench.frameworks.nni.retraining --help


Parameters of the trial are settings and sizes of a classifier, such as `learning_rate`. Any tuner
of NNI can choose them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.classifier_trials import trained
from nni_nlp_bench.frameworks.nni.command import run_command
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient


def _run(arguments: Sequence[str] | None) -> None:
    options = make_parser().parse_args(arguments)
    client = TrialClient()
    client.finish(retrain(options, client.parameters, client.report))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="nni_nlp_bench.frameworks.nni.retraining", description=__doc__
    )
    add = parser.add_argument
    add("--architecture", required=True, help="name, JSON text, or best.json of a search")
    add("--space", default="textnas", help="name of the search space")
    add("--data", required=True, help="name, file or folder of labelled sentences")
    add("--vectors", help="name or file of word vectors (default: random)")
    add("--full-epochs", type=int, default=10, help="number of epochs")
    add("--seed", type=int, default=0, help="random seed")
    add("--device", default="cpu", help="torch device")
    return parser


def retrain(options: argparse.Namespace, parameters: Mapping[str, Any], report: Any) -> Any:
    """Train on the train set and evaluate on the dev set.

    Args:
        options: Options of the command.
        parameters: Parameters of the trial.
        report: Called with the dev accuracy (higher is better) after every epoch.

    Returns:
        The final result; `default` is the dev accuracy.

    Raises:
        UserError: a parameter or option cannot be used.
    """
    from nni_nlp_bench.training.classification.network import sentence_space
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import network_task, split_options
    from nni_nlp_bench.training.classification.words import EmbeddedDataset
    from search_spaces.loading import read_architecture

    space = sentence_space(options.space)
    sizes, schedule = split_options(space, parameters)
    known = [f.name for f in fields(ClassifierSettings) if f.name not in ("train_on", "seed")]
    for name in schedule:
        if name not in known:
            names = ", ".join([*known, *space.classifier_options])
            raise UserError(f"unknown parameter {name!r} in the search space; known: {names}")
    settings = ClassifierSettings(
        **{"epochs": options.full_epochs, **schedule, "seed": options.seed}
    )
    words = EmbeddedDataset.load(options.data, options.vectors, options.seed)
    architecture = read_architecture(space, options.architecture)
    task = network_task(
        options.space, architecture, words, settings, device=options.device, **sizes
    )
    curves = trained(task, lambda curves: report(curves.dev_accuracies[-1]))
    return {
        "default": curves.dev_accuracies[-1],
        "dev_loss": curves.dev_losses[-1],
        "hours": sum(curves.wall_times) / 3600,
    }


if __name__ == "__main__":
    sys.exit(run_command(_run))
