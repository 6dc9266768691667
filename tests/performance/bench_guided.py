"""Time the strategy `guided`: `python tests/performance/bench_guided.py`.

Prints the seconds of its own for 100 evaluations of the table `mini`, whose limit is .5, with the
features of the cells known, and of 100 evaluations of the whole space, where features of new
candidates are computed.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.strategies.registry import make_strategy
from nni_nlp_bench.strategies.search import search_space
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space

LIMIT = 0.5
EVALUATIONS = 100


def main() -> None:
    """Measure and print."""
    table = search_space(load("mini"), restrict=True)
    own_time(table, seed=0)  # computes the features and the neighbours of the table
    tabular = min(own_time(table, seed) for seed in range(1, 4))
    scoring = tabular - min(own_time(table, seed, scored_start=False) for seed in range(1, 4))
    whole = own_time(get_space("rnn_cell"), seed=0)
    own = tabular - scoring
    print(
        f"guided, {EVALUATIONS} evaluations of a table: {own:.2f} s, of the limit "
        f"{own / LIMIT:.1f} times, and {scoring:.2f} s for the zero-cost scores of the start"
    )
    print(f"guided, {EVALUATIONS} evaluations of the whole space of cells: {whole:.1f} s")


def own_time(space: SearchSpace[Any], seed: int, **options: Any) -> float:
    """Return the seconds of a search whose evaluations take no time."""
    scores = np.random.default_rng(seed).normal(size=EVALUATIONS)
    start = time.perf_counter()
    strategy = make_strategy("guided", space, seed, epochs=1, **options)
    for score in scores:
        proposal = strategy.ask()
        assert proposal is not None
        strategy.tell(proposal, float(score))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
