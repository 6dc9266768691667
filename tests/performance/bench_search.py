"""Time searches through NNI's engine: `python tests/performance/bench_search.py`.

Prints seconds for 1,000 evaluations of regularised evolution on a table of 3,000 invented cells,
as a ratio to the limit of 3 seconds, and what a bare loop without NNI takes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.strategies.quiet import load_nni
from nni_nlp_bench.strategies.regularized_evolution import RegularizedEvolution
from nni_nlp_bench.strategies.run import Search, run_search, search_space
from nni_nlp_bench.testing import made_up_table

LIMIT_S = 3.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=3000)
    options = parser.parse_args()
    load_nni()
    table = made_up_table(options.cells)
    space = search_space(table, restrict=True)
    space.neighbours(table.architectures()[0])  # build the neighbourhoods once
    settings = Settings(budget=Budget(options.evaluations))

    start = time.perf_counter()
    run_search(table, space, Search("regularized_evolution", 0, settings, restrict=True))
    through_nni = time.perf_counter() - start

    start = time.perf_counter()
    simulation = Simulation(table, settings)
    searcher = RegularizedEvolution(space, np.random.default_rng(0), table.epochs)
    while simulation.budget_left and (proposal := searcher.ask()) is not None:
        searcher.tell(proposal, simulation.evaluate(proposal.architecture).score)
    bare = time.perf_counter() - start

    limit = LIMIT_S * options.evaluations / 1000
    print(f"evolution, {options.evaluations} evaluations through NNI: {through_nni:.2f} s")
    print(f"  of the limit of {limit:.1f} s: {through_nni / limit:.2f}")
    print(f"  against a loop without NNI ({bare:.2f} s): {through_nni / bare:.1f} times")


if __name__ == "__main__":
    main()
