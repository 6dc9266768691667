"""Number of threads of torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nni_nlp_bench.core.environment import available_cpus
from nni_nlp_bench.core.errors import UserError

SMALL_NETWORK = 30_000_000
"""Parameters below which one thread is used: more wait for each other on a busy machine."""


def thread_counts(threads: int | None = None) -> list[int]:
    """Return the numbers of threads to measure: the given one, else one and one per CPU."""
    return sorted({1, available_cpus()}) if threads is None else [threads]


@contextmanager
def torch_threads(threads: int | None, parameters: int) -> Iterator[int]:
    """Context with a number of threads for operations of torch on the CPU.

    It does not depend on the load of the machine, since the number of threads can change the
    rounding of sums, and a resumed training must give the same result.

    Args:
        threads: Number of threads; None for one for a small network, else one per available CPU.
        parameters: Number of parameters of the network.

    Yields:
        The number of threads.

    Raises:
        UserError: There are fewer CPUs.
    """
    cpus = available_cpus()
    if threads is not None and not 1 <= threads <= cpus:
        raise UserError(f"threads must be between 1 and {cpus}, the available CPUs, got {threads}")
    before = torch.get_num_threads()
    torch.set_num_threads(threads or (1 if parameters < SMALL_NETWORK else cpus))
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
