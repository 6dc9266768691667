"""Which benchmark answers, and how: the options of trial commands."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import get_args

from nni_nlp_bench.evaluators.policies import MissPolicy, SeedPolicy


def add_benchmark_options(parser: ArgumentParser) -> None:
    """Declare `--benchmark`, `--miss` and `--runs`."""
    add = parser.add_argument
    add("--benchmark", default="nas-bench-nlp/ptb-surrogate", help="name, or a table's folder")
    add(
        "--miss",
        choices=get_args(MissPolicy),
        default="error",
        help="what answers for an architecture that the benchmark lacks",
    )
    add(
        "--runs",
        choices=get_args(SeedPolicy),
        default="first",
        help="which of an architecture's runs counts",
    )
