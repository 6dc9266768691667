"""Map a function over many items on a cluster, and yield results as they complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Value = TypeVar("Value")
RETRIES = 2
TASKS_PER_THREAD, LEAST_TASKS = 4, 100
"""Number of submitted tasks per thread of the cluster, and in any case: workers that join later
find some too."""
MAX_SHOWN = 3


class ParallelError(UserError):
    """Some tasks failed; all others have completed."""


def map_unordered(
    client: Client,
    task: Callable[..., Value],
    items: Sequence[Item],
    name: Callable[[Item], str],
    *common: Any,
) -> Iterator[tuple[Item, Value]]:
    """Run a task for each item, and yield (item, result) pairs in order of completion.

    Tasks that fail, or whose worker dies, are retried.

    Args:
        client: Dask client.
        task: Called with `common` and an item.
        items: One per task.
        name: Returns the name of an item for error messages.
        *common: Large arguments of all tasks, which each worker receives once.

    Raises:
        ParallelError: tasks failed after all retries; raised after all others have completed.
    """
    from distributed import as_completed

    waiting = iter(items)
    failed: list[str] = []
    submitted: dict[str, Item] = {}
    held = [hold(client, value) for value in common]

    def submit(count: int) -> Iterator[Any]:
        for item in islice(waiting, count):
            future = client.submit(task, *held, item, pure=False, retries=RETRIES)
            submitted[future.key] = item
            yield future

    threads = sum(client.nthreads().values())
    queue: Any = as_completed(submit(max(LEAST_TASKS, TASKS_PER_THREAD * threads)))
    for future in queue:
        item = submitted.pop(future.key)
        error = future.exception()
        if error is None:
            yield item, future.result()
        else:
            failed.append(f"{name(item)}: {error}")
        queue.update(submit(1))
    if failed:
        more = f" and {len(failed) - MAX_SHOWN} more" if len(failed) > MAX_SHOWN else ""
        shown = "; ".join(failed[:MAX_SHOWN])
        raise ParallelError(f"{len(failed)} of {len(items)} failed: {shown}{more}")


def hold(client: Client, value: object) -> Future:
    """Return a large argument of tasks as the result of a task.

    Each worker receives it once, and it is made again if the worker that holds it is killed.
    """
    return client.submit(_same, value, pure=False)


def _same(value: Value) -> Value:
    """Return the value."""
    return value
