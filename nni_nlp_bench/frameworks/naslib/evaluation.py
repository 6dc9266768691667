"""Evaluate how well predictors rank architectures, with NASLib's evaluators."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.encodings import FlatContent
from search_spaces.base import SearchSpace

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph
    from nni_nlp_bench.frameworks.naslib.word_batch import WordBatch

MEASURES = ("kendalltau", "spearman", "pearson", "rmse", "mae")
"""Metrics of NASLib on predicted and true accuracies; `pearson` is the absolute value."""
TIMES = ("fit_time", "query_time")
"""Seconds to fit the predictor, and to predict one architecture."""
LOG = "naslib.log"


def evaluate_predictor(
    name: str,
    benchmark: Benchmark,
    space: SearchSpace[Any],
    *,
    train: int,
    test: int,
    seed: int,
    folder: Path,
    data: str | None = None,
    features: FlatContent = "counts",
) -> dict[str, float]:
    """Evaluate a predictor with NASLib's evaluators.

    Args:
        name: Name of a predictor, `zero_cost:MEASURE` or `score:NAME`.
        benchmark: Benchmark with the true accuracies.
        space: Search space from which architectures are sampled.
        train: Number of architectures to fit the predictor to, if it needs fitting.
        test: Number of architectures to rank.
        seed: Random seed.
        folder: Folder for NASLib's log and files.
        data: Input of zero-cost measures: labelled sentences or a corpus.
        features: Content of flat encodings.

    Returns:
        `MEASURES` and `TIMES` by name.

    Raises:
        UserError: the predictor is unknown or not applicable, or the benchmark cannot answer.
    """
    from nni_nlp_bench.frameworks.naslib.compat import prepare

    prepare()
    from naslib.utils import set_seed

    from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph
    from nni_nlp_bench.frameworks.naslib.predictors import SCORE, ZERO_COST

    if min(train, test) < 2:
        raise UserError("a rank correlation needs at least two architectures")
    folder.mkdir(parents=True, exist_ok=True)
    graph, api = SpaceGraph(space), DatasetApi(benchmark, space)
    graph.features = features
    set_seed(seed)
    untrained = name.startswith((SCORE, ZERO_COST))
    with (folder / LOG).open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        if untrained:
            results = _untrained(name, graph, api, test, seed, folder, data)
        else:
            results = _fitted(name, graph, api, train, test, folder)
    names = [*MEASURES, *TIMES]
    return {key: float(results[key]) for key in names if key in results}


def _fitted(
    name: str, graph: SpaceGraph, api: DatasetApi, train: int, test: int, folder: Path
) -> Mapping[str, Any]:
    from fvcore.common.config import CfgNode
    from naslib.defaults.predictor_evaluator import PredictorEvaluator

    from nni_nlp_bench.frameworks.naslib.predictors import make_predictor

    configuration = {
        "experiment_type": "single",
        "test_size": test,
        "train_size_single": train,
        "train_size_list": [train],
        "fidelity_single": api.epochs,
        "fidelity_list": [api.epochs],
        "max_hpo_time": 0,
        "uniform_random": True,
        "dataset": api.benchmark.name,
        "save": str(folder),
    }
    evaluator = PredictorEvaluator(make_predictor(name, graph), config=CfgNode(configuration))
    evaluator.adapt_search_space(graph, load_labeled=False, dataset_api=api)
    results: Mapping[str, Any] = evaluator.evaluate()[-1]
    return results


def _untrained(
    name: str,
    graph: SpaceGraph,
    api: DatasetApi,
    test: int,
    seed: int,
    folder: Path,
    data: str | None,
) -> Mapping[str, Any]:
    from fvcore.common.config import CfgNode
    from naslib.evaluators import zc_evaluator

    from nni_nlp_bench.frameworks.naslib.predictors import make_predictor
    from nni_nlp_bench.frameworks.naslib.word_batch import word_batch

    batch = word_batch(graph.space, data, seed)
    graph.num_classes = batch.classes
    graph.labeled_archs = _sample_hashes(graph, api, test)
    graph.sample_without_replacement = True
    configuration = {
        "test_size": test,
        "dataset": api.benchmark.name,
        "test_data_file": None,
        "save": str(folder),
    }
    with _patched_loaders(zc_evaluator, batch):
        evaluator = zc_evaluator.ZeroCostPredictorEvaluator(
            make_predictor(name, graph), use_zc_api=False, config=CfgNode(configuration)
        )
        evaluator.adapt_search_space(graph, dataset_api=api)
        results: Mapping[str, Any] = evaluator.evaluate(None)[-1]
    return results


def _sample_hashes(graph: SpaceGraph, api: DatasetApi, count: int) -> list[tuple[str, str]]:
    """Return hashes of distinct architectures. Raises UserError if the space has too few."""
    found: dict[tuple[str, str], None] = {}
    for _ in range(100 * count):
        sample = graph.clone()
        sample.sample_random_architecture(api)
        found.setdefault(sample.get_hash())
        if len(found) == count:
            return list(found)
    raise UserError(f"only {len(found)} distinct architectures were found, not {count}")


@contextlib.contextmanager
def _patched_loaders(evaluator: ModuleType, batch: WordBatch) -> Iterator[None]:
    """Replace the image loaders of NASLib's zero-cost evaluator with a batch of words."""
    original = evaluator.utils
    evaluator.utils = SimpleNamespace(  # type: ignore[attr-defined]
        compute_scores=original.compute_scores,
        get_train_val_loaders=lambda *args, **options: (batch, batch, batch, None, None),
    )
    try:
        yield
    finally:
        evaluator.utils = original  # type: ignore[attr-defined]
