"""Time the embedded surrogate: `python tests/performance/bench_surrogate.py`.

Prints cells a second, new and seen, as ratios to the limits of 600 and 50,000 a second, and the
milliseconds of a single cell, whose limit is 5.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
from search_spaces.registry import get_space

NEW_LIMIT = 600
SEEN_LIMIT = 50_000
SINGLE_LIMIT_MS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=3000)
    count = parser.parse_args().cells
    surrogate = load("nas-bench-nlp/ptb-surrogate")
    assert isinstance(surrogate, SurrogateBenchmark)
    space, rng = get_space("rnn_cell"), np.random.default_rng(0)
    cells = [space.sample(rng) for _ in range(count)]
    surrogate.query_all(cells[:300])  # starts the worker processes
    rest = cells[300:]

    start = time.perf_counter()
    surrogate.query_all(rest)
    new = len(rest) / (time.perf_counter() - start)
    start = time.perf_counter()
    surrogate.predictor.predict(rest)
    seen = len(rest) / (time.perf_counter() - start)
    singles = [space.sample(rng) for _ in range(200)]
    start = time.perf_counter()
    for cell in singles:
        surrogate.query(cell)
    single_ms = 1e3 * (time.perf_counter() - start) / len(singles)

    print(
        f"surrogate, new cells in batches: {new:,.0f}/s, of the limit {new / NEW_LIMIT:.1f} times"
    )
    print(
        f"surrogate, cells seen before: {seen:,.0f}/s, of the limit {seen / SEEN_LIMIT:.1f} times"
    )
    print(
        f"surrogate, one new cell at a time: {single_ms:.1f} ms, "
        f"of the limit {single_ms / SINGLE_LIMIT_MS:.1f} times"
    )


if __name__ == "__main__":
    main()
