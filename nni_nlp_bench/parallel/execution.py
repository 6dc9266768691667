"""Where the trainings of a run are executed: in this process, or on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.map import RETRIES, hold
from nni_nlp_bench.parallel.shared_folder import shared_folder

if TYPE_CHECKING:
    from distributed import Client, Future

Value = TypeVar("Value")
Step = Callable[[str, float], None]
"""Called with what is done now, and the share of it that is done."""


class Execution(Protocol):
    """Interface of the executions."""

    @property
    def workers(self) -> int:
        """Number of tasks that run at the same time."""

    @property
    def threads(self) -> int | None:
        """Number of threads of a task; None if it may take those that are fastest."""

    def share(self, value: Value) -> Value:
        """Return what stands for a large argument of several tasks."""

    def start(self, function: Callable[..., Value], *arguments: Any) -> Callable[[], Value]:
        """Start a task; the function that is returned waits for its result.

        Args:
            function: A function of a module, or a method of a value.
            *arguments: Its arguments.
        """

    def call(self, function: Callable[..., Value], *arguments: Any, progress: Step) -> Value:
        """Run a task, and return its result.

        Args:
            function: Called with the arguments, and with `progress` by name.
            *arguments: As for `start`.
            progress: Called by a task in this process.
        """

    def each(self, jobs: Sequence[Callable[[], object]]) -> None:
        """Run jobs of this process, as many at the same time as there are workers.

        Args:
            jobs: Functions that start tasks one after another and wait for them.
        """


class InProcess:
    """Runs one task after another in this process."""

    workers = 1
    threads: int | None = None

    def share(self, value: Value) -> Value:
        """Return the value itself."""
        return value

    def start(self, function: Callable[..., Value], *arguments: Any) -> Callable[[], Value]:
        """Return a function that runs the task."""
        return lambda: function(*arguments)

    def call(self, function: Callable[..., Value], *arguments: Any, progress: Step) -> Value:
        """Run the task."""
        return function(*arguments, progress=progress)

    def each(self, jobs: Sequence[Callable[[], object]]) -> None:
        """Run one job after another."""
        for job in jobs:
            job()


class OnCluster:
    """Runs each task on a worker of a Dask cluster, with one thread.

    A task whose worker dies is repeated by another one.

    Args:
        client: Dask client.
        folder: Working directory of the tasks, which all workers share.
        module: Module that workers import now, so that the time of the first tasks is their own.
    """

    threads: int | None = 1

    def __init__(self, client: Client, folder: Path, module: str) -> None:
        self._client, self._folder = client, folder
        self._held: dict[int, tuple[Any, Future]] = {}
        self._lock = Lock()
        self._running: set[Future] = set()
        self._stopped = False
        options: Any = {"pure": False, "allow_other_workers": True}
        each = [client.submit(_load, module, workers=[it], **options) for it in client.nthreads()]
        client.gather(each)

    @property
    def workers(self) -> int:
        """Number of threads of the cluster now; jobs of a batch system may start later."""
        threads: int = sum(self._client.nthreads().values())
        return max(1, threads)

    def share(self, value: Value) -> Value:
        """Return a future of the value, which each worker receives once.

        Workers have it before tasks come, since those would wait behind others for a worker that
        has it.
        """
        with self._lock:
            if id(value) not in self._held:
                future = hold(self._client, value)
                self._client.replicate([future])
                self._held[id(value)] = value, future
            return cast(Value, self._held[id(value)][1])

    def start(self, function: Callable[..., Value], *arguments: Any) -> Callable[[], Value]:
        """Submit the task."""
        from distributed import KilledWorker

        with self._lock:
            if self._stopped:
                raise UserError("the run was stopped by another error")
            options: Any = {"pure": False, "retries": RETRIES}
            future = self._client.submit(_run, self._folder, function, *arguments, **options)
            self._running.add(future)

        def result() -> Value:
            try:
                return cast(Value, future.result())
            except KilledWorker:
                raise UserError(
                    "a training killed its workers, possibly out of memory: run it again to "
                    "resume, with fewer workers"
                ) from None
            finally:
                self._running.discard(future)

        return result

    def call(self, function: Callable[..., Value], *arguments: Any, progress: Step) -> Value:
        """Submit the task and wait for its result."""
        return self.start(function, *arguments)()

    def each(self, jobs: Sequence[Callable[[], object]]) -> None:
        """Run the jobs in threads; an error ends all of them."""
        with ThreadPoolExecutor(self.workers) as pool:
            started = [pool.submit(job) for job in jobs]
            try:
                for job in wait(started, return_when=FIRST_EXCEPTION).done:
                    job.result()
            except BaseException:
                self._stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _stop(self) -> None:
        """Cancel what is running, and refuse what comes."""
        with self._lock:
            self._stopped = True
            self._client.cancel(list(self._running))


@contextmanager
def execution_on(scheduler: str | None, workers: int | None, module: str) -> Iterator[Execution]:
    """Context of an execution.

    Args:
        scheduler: What `cluster` takes; None for this machine.
        workers: Number of local processes, or of jobs; None without a scheduler for this process.
        module: Module that workers import before the context begins.

    Raises:
        UserError: The cluster cannot be used.
    """
    if scheduler is None and workers is None:
        yield InProcess()
        return
    with cluster(scheduler, workers) as client:
        yield OnCluster(client, Path.cwd(), module)


def _load(module: str) -> None:
    """Import a module on a worker."""
    import_module(module)


def _run(folder: Path, function: Callable[..., Value], *arguments: Any) -> Value:
    """Run a task on a worker."""
    with shared_folder(folder):
        return function(*arguments)
