"""`python -m nni_nlp_bench.nnictl.trial`: evaluate the one architecture that the tuner chose."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from nni_nlp_bench.evaluators.trials import EVALUATORS
from nni_nlp_bench.nnictl.architecture_trials import parsed_proposal
from nni_nlp_bench.nnictl.channel import Manager
from nni_nlp_bench.nnictl.command import run_command
from search_spaces.base import get_space


def _run(arguments: Sequence[str] | None) -> None:
    parser = argparse.ArgumentParser(prog="nni_nlp_bench.nnictl.trial", description=__doc__)
    parser.add_argument("--space", default="rnn_cell", help="name of the search space")
    parser.add_argument("--evaluator", default="benchmark", help="name of the evaluator")
    parser.add_argument(
        "--architecture", help="evaluate this one and print the results, without NNI"
    )
    parser.add_argument(
        "--epochs", type=int, help="with --architecture: the length of the training"
    )
    chosen, _ = parser.parse_known_args(arguments)
    evaluator = EVALUATORS.get(chosen.evaluator)
    evaluator.add_options(parser)
    options = parser.parse_args(arguments)
    space = get_space(options.space)
    if options.architecture is not None:
        trial = evaluator(options.space, options)
        architecture = space.parse(options.architecture)
        print(json.dumps(trial.evaluate(architecture, options.epochs, print)))
        return
    manager = Manager()
    proposal = parsed_proposal(space, manager.parameters)
    trial = evaluator(options.space, options)
    manager.finish(trial.evaluate(proposal.architecture, proposal.epochs, manager.report))


if __name__ == "__main__":
    sys.exit(run_command(_run))
