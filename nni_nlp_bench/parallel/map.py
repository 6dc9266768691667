"""Do a task for many items, and hand over each result as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Value = TypeVar("Value")
RETRIES = 2
AHEAD = 4
"""Items that are with the cluster at a time, for each thread of it."""
SHOWN = 3


class BulkError(UserError):
    """Some items could not be done; all others were."""


def map_unordered(
    client: Client,
    task: Callable[[Item], Value],
    items: Sequence[Item],
    name: Callable[[Item], str],
) -> Iterator[tuple[Item, Value]]:
    """(item, result) as they come, in any order.

    An item whose worker dies is given to another one; one that fails is tried again, and in the end
    BulkError names those that failed every time.
    """
    from distributed import as_completed

    waiting = iter(items)
    failed: list[str] = []
    submitted: dict[str, Item] = {}

    def submit(count: int) -> Iterator[Any]:
        for item in islice(waiting, count):
            future = client.submit(task, item, pure=False, retries=RETRIES)
            submitted[future.key] = item
            yield future

    threads = sum(client.nthreads().values())
    queue: Any = as_completed(submit(AHEAD * max(1, threads)))
    for future in queue:
        item = submitted.pop(future.key)
        error = future.exception()
        if error is None:
            yield item, future.result()
        else:
            failed.append(f"{name(item)}: {error}")
        queue.update(submit(1))
    if failed:
        more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
        raise BulkError(f"{len(failed)} of {len(items)} failed: {'; '.join(failed[:SHOWN])}{more}")
