"""Local Dask workers, a connection to a Dask cluster, or jobs of a batch system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from nni_nlp_bench.core.environment import available_cpus
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

CONNECT_S = 20
JOB_S = 3600
"""Seconds that jobs may wait in a queue before the first of them starts."""
BATCH_SYSTEMS = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
}
"""Classes of dask-jobqueue by batch system."""
_PACKAGE = "nni-nlp-bench"
_LOCAL = {
    "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    # Web pages about tasks and workers, which anyone could read.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # Else a killed worker that restarts slowly, on a busy machine, is given up.
    "distributed.deploy.lost-worker-timeout": "24 hours",
}


@contextmanager
def cluster(scheduler: str | None = None, workers: int | None = None) -> Iterator[Client]:
    """Context with a Dask client.

    Local workers listen on 127.0.0.1 only, are restarted if they die, and end with the context.
    They and their scheduler accept connections of this client only, by TLS with a temporary key.
    Jobs of a batch system are submitted with the settings of dask-jobqueue's configuration, and
    cancelled at the end.

    Args:
        scheduler: Address of a Dask scheduler, or a batch system such as `slurm`; None to start
            local workers.
        workers: Number of local single-threaded processes, or of jobs; None for one per available
            CPU.

    Yields:
        The client.

    Raises:
        UserError: the scheduler cannot be reached, or its workers cannot run the package.
    """
    import dask
    from distributed import Client

    if scheduler in BATCH_SYSTEMS:
        with _jobs(scheduler, workers or available_cpus()) as client:
            yield client
        return
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise UserError(f"cannot connect to a Dask scheduler at {scheduler}: {error}") from None
        with client:
            _check_workers(client, scheduler, CONNECT_S)
            yield client
        return
    with _restored_environment(), dask.config.set(_LOCAL):
        local = _local_cluster(workers or available_cpus())
        try:
            with Client(local) as client:
                yield client
        finally:
            # On a busy machine, workers may take longer to end than Dask's timeout. Dask asserts
            # that they have started, which one that was killed just now has not done again.
            with suppress(TimeoutError, AssertionError):
                local.close()


def _local_cluster(workers: int) -> LocalCluster:
    """Start local workers that other users of this machine cannot give tasks to."""
    import cryptography  # noqa: F401 - the library that Security.temporary() needs
    from distributed import LocalCluster, Security

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls",
        security=Security.temporary(),
        dashboard_address="127.0.0.1:0",
        silence_logs="CRITICAL",
    )


@contextmanager
def _jobs(system: str, count: int) -> Iterator[Client]:
    """Context with a client of workers that a batch system starts."""
    import dask_jobqueue
    from distributed import Client

    try:
        jobs = getattr(dask_jobqueue, BATCH_SYSTEMS[system])()
    except (ValueError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"cannot submit jobs to {system}: {reason}; set jobqueue.{system} in "
            "~/.config/dask/jobqueue.yaml, such as cores, memory, queue and walltime"
        ) from None
    with jobs, Client(jobs) as client:
        jobs.scale(jobs=count)
        _check_workers(client, system, JOB_S)
        yield client


@contextmanager
def _restored_environment() -> Iterator[None]:
    """Restore the environment: Dask sets variables for its workers in this process too."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _check_workers(client: Client, scheduler: str, timeout_s: float) -> None:
    """Raise UserError if workers lack the package or have another version.

    Otherwise they would fail at the first task, and Dask would wait forever.
    """
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except TimeoutError:
        raise UserError(f"the scheduler at {scheduler} has no workers: start some") from None
    here = version(_PACKAGE)
    try:
        there: set[str] = set(client.run(version, _PACKAGE).values())
    except PackageNotFoundError:
        raise UserError(
            f"a worker of {scheduler} does not have {_PACKAGE}: install it there"
        ) from None
    if there != {here}:
        others = ", ".join(sorted(there))
        raise UserError(
            f"workers of {scheduler} have {_PACKAGE} {others}, this machine has {here}: "
            "install the same version"
        )
