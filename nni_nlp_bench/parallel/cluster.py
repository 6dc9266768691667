"""The processes that do the work: Dask's, here or on a cluster of the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from nni_nlp_bench.core.environment import available_cpus
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 20
_PACKAGE = "nni-nlp-bench"


@contextmanager
def cluster(scheduler: str | None = None, workers: int | None = None) -> Iterator[Client]:
    """A client of the scheduler at that address, or of `workers` local processes of one thread.

    By default as many as processors may be used. The local ones listen on 127.0.0.1 alone, are
    started again where they die, and end with the block. Raises UserError.
    """
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise UserError(f"no scheduler of Dask answers at {scheduler}: {error}") from None
        with client:
            _check_workers(client, scheduler)
            yield client
        return
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    config = {"distributed.nanny.pre-spawn-environ": one_thread}
    with _environment_kept(), dask.config.set(config):
        local = LocalCluster(
            n_workers=workers or available_cpus(),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        )
        try:
            with Client(local) as client:
                yield client
        finally:
            # On a busy machine, killed workers may take longer to end than Dask waits for them.
            with suppress(TimeoutError):
                local.close()


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Take back what Dask sets for its workers, in the process that starts them as well."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _check_workers(client: Client, scheduler: str) -> None:
    """A worker without the package would leave the cluster at its first task, and none would come.

    Raises UserError.
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        raise UserError(f"the scheduler at {scheduler} has no workers: start some") from None
    here = version(_PACKAGE)
    try:
        there: set[str] = set(client.run(version, _PACKAGE).values())
    except PackageNotFoundError:
        raise UserError(f"a worker of {scheduler} lacks {_PACKAGE}: install it there") from None
    if there != {here}:
        others = ", ".join(sorted(there))
        raise UserError(
            f"workers of {scheduler} have {_PACKAGE} {others}, here it is {here}: install the same"
        )
