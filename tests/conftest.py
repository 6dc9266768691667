"""Fixtures for every test: the folder of real data, a generator, hypothesis' settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

pytest.register_assert_rewrite("search_spaces.testing")
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Real data by path: in $NNI_NLP_BENCH_SHARED, else in ../shared. Skips where it is missing."""
    folder = Path(os.environ.get("NNI_NLP_BENCH_SHARED") or BESIDE_THE_CHECKOUT)

    def find(path: str) -> Path:
        file = folder / path
        if not file.exists():
            pytest.skip(f"{file} is not here (NNI_NLP_BENCH_SHARED names its folder)")
        return file

    return find


@pytest.fixture
def rng() -> np.random.Generator:
    """The same generator in every test."""
    return np.random.default_rng(20200612)
