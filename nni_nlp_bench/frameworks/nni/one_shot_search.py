"""Trial that runs a one-shot search and trains the result.

    python -m nni_nlp_bench.frameworks.nni.one_shot_search --help


Parameters of the trial are `strategy`, `seed`, `kd_loss`, and fields of the search settings, such
as `epochs`. Any tuner of NNI can choose them.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.classifier_trials import trained
from nni_nlp_bench.frameworks.nni.command import run_command
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient


def _run(arguments: Sequence[str] | None) -> None:
    options = make_parser().parse_args(arguments)
    client = TrialClient()
    client.finish(search_and_train(options, client.parameters, client.report))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="nni_nlp_bench.frameworks.nni.one_shot_search", description=__doc__
    )
    add = parser.add_argument
    add("--space", required=True, help="name of a search space of sentence classifiers")
    add("--data", required=True, help="name, file or folder of labelled sentences")
    add(
        "--teacher",
        default="minilm-l6",
        help="name or folder of the teacher whose tokens all networks read",
    )
    add("--search-epochs", type=int, default=15, help="number of epochs of the search")
    add(
        "--search-width",
        type=int,
        help="width of the layers in the search, if the space has a width (default: 128)",
    )
    add("--full-epochs", type=int, default=15, help="number of epochs of the final training")
    add("--full-width", type=int, help="width of the layers in the final training (default: 256)")
    add("--batch-size", type=int, default=64, help="number of sentences per batch")
    add("--max-length", type=int, default=64, help="maximum number of tokens per sentence")
    return parser


def search_and_train(
    options: argparse.Namespace, parameters: Mapping[str, Any], report: Callable[[float], None]
) -> dict[str, Any]:
    """Run a one-shot search and train the best architecture from scratch, without distillation.

    The test set is not used.

    Args:
        options: Options of the command.
        parameters: Parameters of the trial.
        report: Called with the mean reward of every epoch of the search.

    Returns:
        The final result; `default` is the dev accuracy of the training, higher is better.

    Raises:
        UserError: a parameter or option cannot be used.
    """
    from nni_nlp_bench.core.nni_import import import_nni_quietly
    from nni_nlp_bench.distillation.tokens import load_tokens
    from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES
    from nni_nlp_bench.one_shot.sentences.settings import settings_kind
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import network_task, width_for
    from nni_nlp_bench.training.memory import disable_malloc_trim

    chosen = dict(parameters)
    strategy, seed = chosen.pop("strategy", None), chosen.pop("seed", 0)
    if not isinstance(strategy, str):
        raise UserError("the search space lacks 'strategy': add a choice of strategies")
    distills = ONE_SHOT_STRATEGIES.get(strategy).distills
    kd_loss = chosen.pop("kd_loss", "emd") if distills else None
    defaults = {
        "epochs": options.search_epochs,
        **width_for(options.space, options.search_width, 128),
    }
    full_width: dict[str, Any] = width_for(options.space, options.full_width, 256)
    defaults |= {"batch_size": options.batch_size, "max_length": options.max_length}
    try:
        settings = settings_kind(options.space)(**{**defaults, **chosen})
    except TypeError as error:
        raise UserError(f"invalid parameter in the search space: {error}") from None
    words = load_tokens(options.data, options.teacher)
    import_nni_quietly()
    disable_malloc_trim()
    from nni_nlp_bench.one_shot.search import search_one_shot
    from nni_nlp_bench.one_shot.sentences.task import SentenceTask

    warnings.simplefilter("ignore", FutureWarning)  # Lightning's use of torch
    start = time.monotonic()
    task = SentenceTask(words, settings, options.space, kd_loss)
    found = search_one_shot(task, strategy, seed, epoch_done=report)
    minutes = (time.monotonic() - start) / 60
    schedule = ClassifierSettings(
        epochs=options.full_epochs,
        batch_size=options.batch_size,
        max_length=options.max_length,
        seed=seed,
    )
    training = network_task(options.space, found.architecture, words, schedule, **full_width)
    curves = trained(training, lambda curves: None)
    return {
        "default": curves.dev_accuracies[-1],
        **({} if found.validation is None else {"shared_accuracy": found.validation.reward}),
        "search_minutes": minutes,
        "parameters": curves.parameters,
        "hours": minutes / 60 + sum(curves.wall_times) / 3600,
    }


if __name__ == "__main__":
    sys.exit(run_command(_run))
