"""A benchmark and the space that it was asked for with."""

from __future__ import annotations

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from search_spaces.base import get_space
from search_spaces.errors import UserError


def load_of_space(name: str, space: str) -> Benchmark:
    """The benchmark of that name or folder. Raises UserError where it is of another space."""
    benchmark = load(name)
    get_space(space)
    if space != benchmark.space:
        raise UserError(f"{benchmark.name} is a benchmark of space {benchmark.space!r}")
    return benchmark
