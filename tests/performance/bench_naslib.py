"""Time NASLib's evolution on a table: `NASLIB_HOME=... python tests/performance/bench_naslib.py`.

Prints seconds for evaluations of NASLib's regularised evolution on a table of invented cells,
through its Trainer and as a strategy, as ratios to this project's own evolution through NNI.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.frameworks.naslib.compat import prepare
from nni_nlp_bench.frameworks.naslib.locate import NaslibError
from nni_nlp_bench.frameworks.naslib.trainer import train
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from nni_nlp_bench.testing import synthetic_table


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=500)
    parser.add_argument("--cells", type=int, default=3000)
    options = parser.parse_args()
    import_nni_quietly()
    try:
        prepare()
    except NaslibError as error:
        print(f"skipped: {error}")
        return
    table = synthetic_table(options.cells)
    space = search_space(table, restrict=True)
    space.neighbours(table.architectures()[0])  # build the neighbourhoods once
    settings = Settings(budget=Budget(options.evaluations))
    evolution = StrategyConfig.of("regularized_evolution")
    naslib_evolution = StrategyConfig.of("naslib:regularized_evolution")
    ours = Search(evolution, 0, settings, restrict=True)
    theirs = Search(naslib_evolution, 0, settings, restrict=True)
    with TemporaryDirectory() as folder:
        trainer = seconds(lambda: train("regularized_evolution", theirs, table, Path(folder)))
    strategy = seconds(lambda: run_search(table, theirs, space=space))
    own = seconds(lambda: run_search(table, ours, space=space))
    print(f"NASLib's evolution, {options.evaluations} evaluations")
    print(f"  through its Trainer: {trainer:.2f} s, {trainer / own:.1f} times our evolution's")
    print(f"  as a strategy:       {strategy:.2f} s, {strategy / own:.1f} times our evolution's")


if __name__ == "__main__":
    main()
