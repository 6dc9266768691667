"""Run a NASLib optimizer in NASLib's Trainer on a benchmark of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark, Result
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.evaluators.simulation import Simulation
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.frameworks.naslib.configuration import (
    check_options,
    make_optimizer,
    search_configuration,
)
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, run_search
from search_spaces.base import SearchSpace

CONFIGURATION = "config.yaml"


def train(
    optimizer: str,
    search: Search,
    benchmark: Benchmark,
    folder: Path,
    surrogate: Benchmark | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Run a search with a NASLib optimizer.

    Args:
        optimizer: Name of the optimizer.
        search: Search to run; its budget must be a number of evaluations, with one worker.
        benchmark: Benchmark to query.
        folder: Folder for the journal and NASLib's files (config.yaml, errors.json, search/).
        surrogate: Benchmark for architectures that the table lacks.
        on_trial: Called after each evaluation.

    Raises:
        NaslibError: NASLib cannot be imported.
        UserError: the settings are not supported, or as in `run_search`.
    """
    check_options(optimizer, search.strategy.options)
    if search.settings.budget.evaluations is None or search.settings.workers != 1:
        raise UserError("NASLib's Trainer needs a number of evaluations as budget, and one worker")
    from nni_nlp_bench.frameworks.naslib.compat import prepare

    prepare()

    def explore(search: Search, space: SearchSpace[Any], simulation: Simulation) -> None:
        _train(optimizer, search, space, simulation, folder)

    return run_search(
        benchmark,
        search,
        surrogate=surrogate,
        journal_path=folder / "journal.jsonl",
        on_trial=on_trial,
        explore=explore,
    )


def _train(
    optimizer: str,
    search: Search,
    space: SearchSpace[Any],
    simulation: Simulation,
    folder: Path,
) -> None:
    from fvcore.common.config import CfgNode
    from naslib.defaults.trainer import Trainer
    from naslib.utils import set_seed

    from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph

    benchmark = simulation.benchmark
    configuration = search_configuration(
        dataset=benchmark.name,
        space=space.name,
        trials=simulation.settings.budget.evaluations or 0,
        full_training=benchmark.epochs,
        seed=search.seed,
        folder=folder,
        options=search.strategy.options,
    )
    (folder / "search").mkdir(parents=True, exist_ok=True)
    _write_configuration(folder / CONFIGURATION, configuration)
    set_seed(search.seed)
    naslib_optimizer = make_optimizer(optimizer, configuration)
    api = SimulationApi(simulation, space)
    graph = SpaceGraph(space)
    graph.features = search.strategy.options.get("features", graph.features)
    naslib_optimizer.adapt_search_space(graph, dataset_api=api)
    trainer = Trainer(naslib_optimizer, CfgNode(configuration), lightweight_output=True)
    trainer.search()
    trainer.evaluate(best_arch=naslib_optimizer.get_final_architecture(), dataset_api=api)


def _write_configuration(path: Path, configuration: Mapping[str, Any]) -> None:
    import yaml

    with atomic_write(path) as new:
        new.write_text(yaml.safe_dump(dict(configuration), sort_keys=False), "utf-8")


class SimulationApi(DatasetApi):
    """`dataset_api` whose queries are evaluations of a simulation."""

    def __init__(self, simulation: Simulation, space: SearchSpace[Any]) -> None:
        super().__init__(simulation.benchmark, space)
        self._simulation = simulation

    def result(self, architecture: Any, epochs: int) -> Result:
        """Evaluate an architecture. Raises BenchmarkError."""
        return self._simulation.evaluate(architecture, epochs).result
