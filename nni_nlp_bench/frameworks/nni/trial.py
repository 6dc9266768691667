"""Trial that evaluates one architecture.

python -m nni_nlp_bench.frameworks.nni.trial --help
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from nni_nlp_bench.evaluators.base import EVALUATORS
from nni_nlp_bench.frameworks.nni.command import run_command
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient
from nni_nlp_bench.frameworks.nni.tuning.architecture_codec import parse_proposal
from search_spaces.registry import get_space


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options, without those of an evaluator."""
    parser = argparse.ArgumentParser(prog=f"{__package__}.trial", description=__doc__)
    parser.add_argument("--space", default="rnn_cell", help="name of the search space")
    parser.add_argument("--evaluator", default="benchmark", help="name of the evaluator")
    parser.add_argument(
        "--architecture", help="architecture to evaluate without NNI; prints the results"
    )
    parser.add_argument(
        "--epochs", type=int, help="with --architecture: number of epochs of the training"
    )
    return parser


def _run(arguments: Sequence[str] | None) -> None:
    parser = make_parser()
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
    client = TrialClient()
    proposal = parse_proposal(space, client.parameters)
    trial = evaluator(options.space, options)
    client.finish(trial.evaluate(proposal.architecture, proposal.epochs, client.report))


if __name__ == "__main__":
    sys.exit(run_command(_run))
