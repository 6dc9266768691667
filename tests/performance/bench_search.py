"""Time the search loop: `python tests/performance/bench_search.py`.

Prints seconds for 1,000 evaluations of regularized evolution on a table of 3,000 invented cells:
as a ratio to the limit of half a second, to bare queries of the same table, and to the same
strategy on NNI's sequential engine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.frameworks.nni.strategies.to_nni import AskTellStrategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.registry import make_strategy
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from nni_nlp_bench.testing import synthetic_table

LIMIT_S = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=3000)
    options = parser.parse_args()
    import_nni_quietly()
    from nni.nas.execution import SequentialExecutionEngine

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    table = synthetic_table(options.cells)
    space = search_space(table, restrict=True)
    space.neighbours(table.architectures()[0])  # build the neighbourhoods once
    settings = Settings(budget=Budget(options.evaluations))
    search = Search(StrategyConfig.of("regularized_evolution"), 0, settings, restrict=True)

    def bare_loop() -> None:
        """The same search without clock, budget and trials."""
        strategy = make_strategy("regularized_evolution", space, 0, table.epochs)
        for _ in range(options.evaluations):
            proposal = strategy.ask()
            assert proposal is not None
            result = table.query(proposal.architecture)
            loss = table.unit.failure if result.status != OK else result.val_loss
            assert loss is not None
            strategy.tell(proposal, -loss)

    def search_by_nni() -> None:
        strategy = AskTellStrategy(make_strategy("regularized_evolution", space, 0, table.epochs))
        evaluator = SimulationEvaluator(Simulation(table, settings), space)
        strategy(ChoiceSpace(evaluator), SequentialExecutionEngine(options.evaluations))

    loops, bares = [], []
    for _ in range(7):  # in turns, so that other work on the machine slows both down
        loops.append(_seconds(lambda: run_search(table, search, space=space)))
        bares.append(_seconds(bare_loop))
    loop, bare = min(loops), min(bares)
    by_nni = _seconds(search_by_nni)

    limit = LIMIT_S * options.evaluations / 1000
    print(f"evolution, {options.evaluations} evaluations: {loop:.3f} s")
    print(f"  of the limit of {limit:.1f} s: {loop / limit:.2f}")
    print(f"  a bare loop of ask, query, tell ({bare:.3f} s): {loop / bare:.2f} times as long")
    print(f"  NNI's sequential engine ({by_nni:.2f} s) takes {by_nni / loop:.1f} times as long")


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
