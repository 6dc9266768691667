"""Run cases in worker processes, and check how each ends."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from cases import Case, make_case

CPU_LIMIT_S = 8
WALL_LIMIT_S = 120
"""For a case that waits: on a busy machine 8 s of CPU may take that long."""
MEMORY_LIMIT = 4 * 2**30
"""Additional address space of a worker."""
FILE_LIMIT = 2**28
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "NO_COLOR": "1", "COLUMNS": "200"}


@dataclass(frozen=True)
class Failure:
    """A case that did not end as it must."""

    case: Case
    reason: str

    def __str__(self) -> str:
        return f"case {self.case.number}: {self.case.describe()}\n    {self.reason}"


class HangError(BaseException):
    """A case did not end in time. Not an Exception, so that no handler swallows it."""


def run_cases(
    seed: int, numbers: Sequence[int], samples: Path, scratch: Path, jobs: int
) -> Iterator[Failure]:
    """Run the cases in `jobs` forked processes, and yield those that fail."""
    _import_libraries()
    shares = [list(numbers[i::jobs]) for i in range(jobs)]
    workers = [
        _Worker(seed, share, samples, scratch / f"worker{i}") for i, share in enumerate(shares)
    ]
    while active := [worker for worker in workers if worker.left]:
        ready = wait([worker.results for worker in active], timeout=1)
        for worker in active:
            yield from worker.receive(worker.results in ready)


def run_case(case: Case, samples: Path, scratch: Path) -> str | None:
    """Run one case in this process; return what is wrong, or None."""
    shutil.rmtree(scratch, ignore_errors=True)
    folder = scratch / "work"
    folder.mkdir(parents=True)
    case.prepare(samples, folder)
    before = _contents(folder)
    with _surroundings(folder, scratch / "home"):
        code, error = _call(case, scratch / "stdout", scratch / "stderr")
    stderr = (scratch / "stderr").read_text("utf-8", "replace")
    if error is not None:
        return error
    if code == 0:
        return "accepted" if case.must_fail else None
    if code != 2:
        return f"exit code {code}: {stderr[-300:]}"
    lines = [line for line in stderr.splitlines() if not line.endswith(" ...")]
    if "Traceback" in stderr or not (
        stderr.startswith("Usage: ") or (len(lines) == 1 and lines[0].startswith("error: "))
    ):
        return f"not one line on stderr: {stderr[:600]!r}"
    if len(stderr) > 3000 and not stderr.startswith("Usage: "):
        return f"a message of {len(stderr):,} characters"
    after = _contents(folder)
    changed = sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )
    return f"left behind or changed: {', '.join(changed[:5])}" if changed else None


class _Worker:
    """A process that runs its share of the cases in turn; it is replaced if it dies or hangs."""

    def __init__(self, seed: int, numbers: list[int], samples: Path, scratch: Path) -> None:
        self.seed, self.left, self.samples, self.scratch = seed, numbers, samples, scratch
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self.results, sender = context.Pipe(duplex=False)
        arguments = (self.seed, list(self.left), self.samples, self.scratch, sender)
        self.process = context.Process(target=_work, args=arguments)
        self.process.start()
        sender.close()
        self.since = time.monotonic()

    def receive(self, is_ready: bool) -> Iterator[Failure]:
        """Take in a result, or the end of the process."""
        if is_ready:
            try:
                reason = self.results.recv()
            except EOFError:
                self.process.join()
                reason = f"the process ended with {self.process.exitcode}"
                yield from self._replace(reason)
                return
            number = self.left.pop(0)
            self.since = time.monotonic()
            if reason is not None:
                yield Failure(make_case(self.seed, number), reason)
        elif time.monotonic() - self.since > 2 * WALL_LIMIT_S:
            self.process.kill()
            yield from self._replace("hangs and cannot be interrupted")

    def _replace(self, reason: str) -> Iterator[Failure]:
        yield Failure(make_case(self.seed, self.left.pop(0)), reason)
        if self.left:
            self._start()


def _work(seed: int, numbers: list[int], samples: Path, scratch: Path, results: Connection) -> None:
    _limit_resources()
    for number in numbers:
        results.send(run_case(make_case(seed, number), samples, scratch))
    shutil.rmtree(scratch, ignore_errors=True)


def _import_libraries() -> None:
    """Import what most commands need once, before workers are forked."""
    import igraph  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import torch

    from nni_nlp_bench.benchmarks.naslib_compact import published_by_compact

    published_by_compact()  # otherwise the first import from NASLib takes ten seconds
    torch.set_num_threads(1)
    _command()


def _limit_resources() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MEMORY_LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def _surroundings(folder: Path, home: Path) -> Iterator[None]:
    """Working directory, home and caches of a case, below its own folder."""
    before, here = dict(os.environ), Path.cwd()
    os.environ.update(_OFFLINE, HOME=str(home), XDG_CACHE_HOME=str(home / "cache"))
    for name in ("NASBENCHMARK_DIR", "NNI_NLP_BENCH_DATA", "NNI_NLP_BENCH_CACHE"):
        os.environ[name] = str(home / name)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


def _call(case: Case, stdout: Path, stderr: Path) -> tuple[int, str | None]:
    """Call the app; return its exit code, and an error other than its exit."""
    code, error = 0, None
    with _redirected(1, stdout), _redirected(2, stderr), _alarm():
        try:
            _command()(list(case.arguments))
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
        except HangError as hang:
            error = _where(hang, "hangs")
        except BaseException as exception:
            error = _where(exception, f"{type(exception).__name__}: {str(exception)[:200]}")
    return code, error


@cache
def _command() -> Any:
    """Return the app as a command, which takes as long to make as most cases to run."""
    from typer.main import get_command

    from nni_nlp_bench.cli.app import app

    return get_command(app)


def _where(error: BaseException, text: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/tests/" not in frame.filename]
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in ours
        if "nni_nlp_bench" in frame.filename or "search_spaces" in frame.filename
    ]
    return f"{text} ({' < '.join(places[::-1][:4])})"


@contextmanager
def _redirected(descriptor: int, file: Path) -> Iterator[None]:
    """Send what is written to a file descriptor, by whomever, to a file."""
    stream: Any = sys.stdout if descriptor == 1 else sys.stderr
    name = "stdout" if descriptor == 1 else "stderr"
    saved = os.dup(descriptor)
    with file.open("wb") as target:
        os.dup2(target.fileno(), descriptor)
    setattr(
        sys, name, os.fdopen(os.dup(descriptor), "w", encoding="utf-8", errors="backslashreplace")
    )
    try:
        yield
    finally:
        getattr(sys, name).close()
        setattr(sys, name, stream)
        os.dup2(saved, descriptor)
        os.close(saved)


@contextmanager
def _alarm() -> Iterator[None]:
    """Raise HangError in this thread after the limit of CPU or wall-clock seconds."""

    def ring(number: int, frame: Any) -> None:
        raise HangError

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_REAL, WALL_LIMIT_S)
    signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _contents(folder: Path) -> dict[str, str]:
    """Return what lies below a folder: kinds, and digests of files."""
    found: dict[str, str] = {}
    for path in folder.rglob("*"):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "other"
        if kind == "other" and path.is_file():
            kind = hashlib.blake2b(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = kind
    return found
