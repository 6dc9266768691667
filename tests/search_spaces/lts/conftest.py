"""The networks of the release, read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lts_release import Row, read_rows


@pytest.fixture(scope="session")
def rows(shared: Callable[[str], Path]) -> list[Row]:
    """Networks of the nine sets of the shared archive."""
    return read_rows(shared("lts/saved_logs.tar.gz"))
