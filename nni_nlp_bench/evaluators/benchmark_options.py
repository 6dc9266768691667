"""Command-line options of trials that a benchmark answers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import get_args

from nni_nlp_bench.evaluators.policies import OnMissing, RunSelection


def add_benchmark_options(parser: ArgumentParser) -> None:
    """Declare `--benchmark`, `--on-missing` and `--run-selection`."""
    add = parser.add_argument
    add("--benchmark", default="nas-bench-nlp/ptb-surrogate", help="name, or a table's folder")
    add(
        "--on-missing",
        choices=get_args(OnMissing),
        default="error",
        help="what answers for an architecture that the benchmark lacks",
    )
    add(
        "--run-selection",
        choices=get_args(RunSelection),
        default="first",
        help="which of an architecture's runs counts",
    )
