"""Run programs in processes that are forked from one in which their imports are done."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

IMPORTS = (
    *("nni_nlp_bench.cli.app", "pandas", "igraph", "matplotlib.figure", "lightgbm", "optuna"),
    *("sklearn.gaussian_process", "distributed", "torch", "nni.nas.strategy"),
)
"""What commands import; those of extras that are not installed are left out."""


def start(arguments: tuple[str, ...], output: Path) -> ForkServerProcess:
    """Start `nni-nlp-bench`; what it prints is appended to a file."""
    return _start(_command, arguments, output, output)


def start_code(code: str, output: Path) -> ForkServerProcess:
    """Start a program that cannot import this package; stderr goes into a file beside stdout's."""
    return _start(_program, code, output, output.with_suffix(".err"))


def _start(
    work: Callable[[Any], None], argument: Any, output: Path, errors: Path
) -> ForkServerProcess:
    place = (Path.cwd(), dict(os.environ), output, errors)
    process = _context().Process(target=_run, args=(work, argument, place))
    process.start()
    return process


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTS))
    return context


def _run(work: Callable[[Any], None], argument: Any, place: tuple[Path, Any, Path, Path]) -> None:
    folder, environment, output, errors = place
    os.chdir(folder)
    os.environ.update(environment)
    for descriptor, path in ((1, output), (2, errors)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), descriptor)
    work(argument)


def _command(arguments: tuple[str, ...]) -> None:
    sys.argv = ["nni-nlp-bench", *arguments]
    from nni_nlp_bench.cli.app import main

    main()


def _program(code: str) -> None:
    own = ("nni_nlp_bench", "search_spaces")
    imported = [name for name in sys.modules if name.partition(".")[0] in own]
    for name in (*own, *imported):
        sys.modules[name] = None  # type: ignore[assignment]
    sys.path.insert(0, str(Path.cwd()))
    exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})
    sys.stdout.flush()
