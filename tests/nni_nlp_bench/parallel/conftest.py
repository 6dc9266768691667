"""Local workers that the tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from distributed import Client


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """Two workers, which no test may kill."""
    from nni_nlp_bench.parallel.cluster import cluster

    with cluster(workers=2) as client:
        yield client
