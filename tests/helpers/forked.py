"""Run `nni-nlp-bench` in processes that are forked from one in which its imports are done."""

from __future__ import annotations

import multiprocessing
import os
import sys
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

IMPORTS = (
    *("nni_nlp_bench.cli.app", "pandas", "igraph", "matplotlib.figure", "lightgbm", "optuna"),
    *("sklearn.gaussian_process", "distributed", "torch", "nni.nas.strategy"),
)
"""What commands import; those of extras that are not installed are left out."""


def start(arguments: tuple[str, ...], output: Path) -> ForkServerProcess:
    """Start the command; what it prints is written to a file."""
    process = _context().Process(target=_main, args=(arguments, output))
    process.start()
    return process


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTS))
    return context


def _main(arguments: tuple[str, ...], output: Path) -> None:
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["nni-nlp-bench", *arguments]
    from nni_nlp_bench.cli.app import main

    main()
