"""Tasks that work in a folder which all workers share."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from nni_nlp_bench.core.errors import UserError


@contextmanager
def shared_folder(folder: Path, *others: Path) -> Iterator[None]:
    """Context of a task on a worker whose working directory is a folder that workers share.

    Args:
        folder: The folder.
        *others: Further folders that the task needs.

    Raises:
        UserError: The worker does not see a folder, or has several threads, which would draw from
            the same random generators.
    """
    from distributed import get_worker

    if get_worker().state.nthreads > 1:
        raise UserError("a worker has several threads: start workers with --nthreads 1")
    for each in (folder, *others):
        if not each.is_dir():
            raise UserError(
                f"a worker on {socket.gethostname()} does not see {each}: workers must share "
                "--out and the folder in which you start the command"
            )
    with chdir(folder):
        yield
