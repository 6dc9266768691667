"""LiteTransformerSearch: published figures of its tables, and searches of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import comb
from scipy.stats import kendalltau

from nni_nlp_bench.benchmarks.importers import import_lts_sets
from nni_nlp_bench.benchmarks.importers.lts_files import SETS
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info

Shared = Callable[[str], Path]
Values = NDArray[np.float64]


@pytest.fixture(scope="module")
def tables(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The tables of all sets of the shared archive."""
    out = tmp_path_factory.mktemp("lts")
    reports = import_lts_sets(shared("lts/saved_logs.tar.gz"), out)
    assert all(folder.parent == out for folder in reports)
    return {folder.name: Table.load(folder) for folder in reports}


def perplexities(table: Table) -> Values:
    return np.exp(np.array([table.query(a).val_loss for a in table.architectures()]))


def known(table: Table, name: str) -> Values:
    return np.array([table.known_metric(name, a) for a in table.architectures()])


def depths(table: Table) -> Values:
    return np.array([len(a.layers) for a in table.architectures()], dtype=float)


# Perplexities; tau of parameters outside the embedding, of all, of layers; fronts; regret of random
# search after 10, 20 and 50 evaluations.
RANDOM_SETS = {
    "gpt2-wt103": (24.33, 74.38, 0.847, 0.582, 0.362, 37, 37, 2.40, 1.35, 0.53),
    "gpt2-lm1b": (52.28, 87.09, 0.909, 0.840, 0.326, 47, 47, 2.04, 0.98, 0.41),
    "txl-wt103": (25.53, 66.79, 0.861, 0.222, 0.192, 23, 38, 1.78, 0.85, 0.31),
    "txl-lm1b": (37.43, 96.27, 0.976, 0.976, 0.245, 93, 93, 1.32, 0.52, 0.19),
    "txl-wt103-homogeneous": (30.81, 69.23, 0.817, 0.277, 0.189, 19, 22, 3.00, 1.56, 0.40),
}
RANDOM_HYPERVOLUMES = {
    "gpt2-wt103": (0.828, 0.860, 0.883, 0.904),
    "gpt2-lm1b": (0.689, 0.732, 0.762, 0.785),
    "txl-wt103": (0.778, 0.816, 0.844, 0.865),
    "txl-lm1b": (0.764, 0.800, 0.821, 0.832),
    "txl-wt103-homogeneous": (0.703, 0.747, 0.784, 0.802),
}
# Number; perplexities; tau as above; fronts against all parameters, those outside the embedding,
# latency and memory; latencies; regret after 10 and 20; hypervolume with latency and memory.
SEARCHES = {
    "gpt2-lm1b-arm": (
        *(45, 47.74, 74.89, 0.947, 0.896, 0.862, 19, 25, 21, 33, 1007, 6388),
        *(0.48, 0.10, 0.729, 0.702),
    ),
    "gpt2-lm1b-corei7": (
        *(38, 47.79, 75.22, 0.952, 0.895, 0.905, 21, 26, 24, 33, 130, 693),
        *(0.89, 0.29, 0.713, 0.684),
    ),
    "gpt2-lm1b-titanxp": (
        *(38, 48.00, 73.69, 0.946, 0.895, 0.856, 20, 24, 24, 22, 4.58, 17.9),
        *(0.80, 0.18, 0.743, 0.647),
    ),
    "txl-lm1b-arm": (
        *(39, 34.42, 60.77, 0.937, 0.924, 0.904, 21, 25, 24, 24, 879, 4231),
        *(0.27, 0.05, 0.797, 0.834),
    ),
    "txl-lm1b-corei7": (
        *(35, 34.38, 67.36, 0.944, 0.931, 0.915, 20, 22, 22, 25, 118, 491),
        *(0.24, 0.02, 0.832, 0.860),
    ),
    "txl-lm1b-titanxp": (
        *(40, 34.01, 65.99, 0.908, 0.895, 0.910, 15, 18, 14, 24, 5.2, 20.2),
        *(0.50, 0.16, 0.923, 0.854),
    ),
}
IN_ARCHIVE = {*SETS.values()} - {"txl-wt103", "txl-lm1b-corei7"}


def test_the_archive_holds_nine_sets(tables: dict[str, Table]) -> None:
    assert set(tables) == IN_ARCHIVE
    assert {name: len(table) for name, table in tables.items()} == {
        "gpt2-wt103": 200,
        "gpt2-lm1b": 200,
        "txl-lm1b": 183,
        "txl-wt103-homogeneous": 98,
        **{name: of[0] for name, of in SEARCHES.items() if name in IN_ARCHIVE},
    }


@pytest.mark.parametrize("name", [name for name in RANDOM_SETS if name in IN_ARCHIVE])
def test_published_figures_of_a_random_set(tables: dict[str, Table], name: str) -> None:
    table = tables[name]
    quality, inner = perplexities(table), known(table, "non_embedding_parameters")
    total = known(table, "parameters")
    figures = (
        *(quality.min(), quality.max()),
        *(-kendalltau(of, quality).statistic for of in (inner, total, depths(table))),
        *(len(front(quality, of)) for of in (total, inner)),
        *(expected_minimum(quality, n) - quality.min() for n in (10, 20, 50)),
    )
    assert_equal_as_printed(figures, RANDOM_SETS[name])
    volumes = [expected_hypervolume(quality, inner, n) for n in (10, 20, 50, len(quality))]
    assert_equal_as_printed(volumes, RANDOM_HYPERVOLUMES[name])


@pytest.mark.parametrize("name", [name for name in SEARCHES if name in IN_ARCHIVE])
def test_published_figures_of_a_search(tables: dict[str, Table], name: str) -> None:
    table = tables[name]
    quality, latency, memory = perplexities(table), known(table, "latency"), known(table, "memory")
    inner, total = known(table, "non_embedding_parameters"), known(table, "parameters")
    figures = (
        *(len(table), quality.min(), quality.max()),
        *(-kendalltau(of, quality).statistic for of in (inner, total, depths(table))),
        *(len(front(quality, of)) for of in (total, inner, latency, memory)),
        *(latency.min(), latency.max()),
        *(expected_minimum(quality, n) - quality.min() for n in (10, 20)),
        *(expected_hypervolume(quality, of, len(quality)) for of in (latency, memory)),
    )
    assert_equal_as_printed(figures, SEARCHES[name])


def test_memory_on_arm_in_bytes(tables: dict[str, Table]) -> None:
    """The sums of allocations are linear in sizes, to the byte."""
    for name, terms in {
        "gpt2-lm1b-arm": (46_171_008, 85_372, 40_136, 11_520, 6_912, 737_280),
        "txl-lm1b-arm": (88_245_904, 8_064, 3_084, 9_216, 2_304, 1_132_032),
    }.items():
        table = tables[name]
        for decoder, memory in zip(table.architectures(), known(table, "memory"), strict=True):
            depth, width = len(decoder.layers), decoder.d_model
            inner = sum(layer.d_inner for layer in decoder.layers)
            heads = sum(layer.n_head for layer in decoder.layers)
            sizes = (1, width, depth, depth * width, inner, heads)
            expected = sum(term * size for term, size in zip(terms, sizes, strict=True))
            assert memory * 2**20 == pytest.approx(expected, abs=0.5)


def test_units_times_and_origin_are_recorded(tables: dict[str, Table]) -> None:
    hours = {
        name: sum(table.query(a).wall_time_s for a in table.architectures()) / 3600
        for name, table in tables.items()
        if "wall_time_s" in table.metadata.recorded
    }
    assert {name: round(of) for name, of in hours.items()} == {
        "gpt2-wt103": 288,
        "gpt2-lm1b": 1210,
        "txl-lm1b": 1564,
        "txl-wt103-homogeneous": 311,
    }
    table = tables["txl-lm1b-arm"]
    assert [*map(str, table.objectives.values())][-3:] == [
        "non_embedding_parameters",
        "latency (ms)",
        "memory (MiB)",
    ]
    info = table_info(table)
    assert (info.dataset, info.licence, info.space) == ("lm1b-pareto", "MIT", "lts")
    assert "NeurIPS 2022" in info.citation
    assert table.space.sample(np.random.default_rng(0)).dataset == "lm1b-pareto"


def front(first: Values, second: Values) -> list[int]:
    """Return the points that no other one dominates."""
    return [
        i
        for i in range(len(first))
        if not (
            (first <= first[i])
            & (second <= second[i])
            & ((first < first[i]) | (second < second[i]))
        ).any()
    ]


def expected_minimum(values: Values, draws: int) -> float:
    """Return the mean minimum of draws without replacement."""
    ordered, count = np.sort(values), len(values)
    left = count - 1 - np.arange(count)
    return float(ordered @ (comb(left, draws - 1) / comb(count, draws)))


def expected_hypervolume(first: Values, second: Values, draws: int) -> float:
    """Return the mean area that draws without replacement dominate, of axes scaled to 0 and 1."""
    x, y = ((of - of.min()) / np.ptp(of) for of in (first, second))
    xs, ys = np.unique([*x, 1.0]), np.unique([*y, 1.0])
    dominating = np.array([[((x <= a) & (y <= b)).sum() for b in ys[:-1]] for a in xs[:-1]])
    count = len(x)
    covered = 1 - comb(count - dominating, draws) / comb(count, draws)
    return float(np.diff(xs) @ covered @ np.diff(ys))


def assert_equal_as_printed(figures: Any, printed: Any) -> None:
    """Each figure rounds to the printed one."""
    for figure, expected in zip(figures, printed, strict=True):
        digits = len(str(expected).partition(".")[2])
        assert abs(figure - expected) <= 0.5000001 * 10**-digits, (figure, expected)


def test_searches_stay_with_the_tables_task(tables: dict[str, Table]) -> None:
    """Of NNI's own strategies too, whose samples are the choices of that task."""
    import nni_nlp_bench as nb

    table = tables["txl-lm1b-titanxp"]
    for strategy in ("random", "regularized_evolution", "local_search", "tpe"):
        found = nb.search(table, strategy, n_trials=len(table), seed=1)
        assert {trial.result.origin for trial in found.trials} == {"measured"}
        assert min(trial.result.val_loss for trial in found.trials) < math.log(36)
    found = nb.search(table, n_trials=30, restrict=False, on_missing="surrogate")
    decoders = [trial.architecture for trial in found.trials]
    assert {(a.model, a.dataset) for a in decoders} == {("transformer_xl", "lm1b-pareto")}
    assert "predicted" in {trial.result.origin for trial in found.trials}


@pytest.mark.slow
def test_nnis_random_and_evolution_search_a_table(tables: dict[str, Table], tmp_path: Path) -> None:
    pytest.importorskip("nni")
    import nni.nas.strategy
    from nni.nas.execution import SequentialExecutionEngine

    from nni_nlp_bench.evaluators.budget import Budget
    from nni_nlp_bench.evaluators.simulation import Settings, Simulation
    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator
    from nni_nlp_bench.strategies.search import search_space

    table = tables["gpt2-lm1b"]
    for strategy in (
        nni.nas.strategy.Random(seed=1),
        nni.nas.strategy.RegularizedEvolution(population_size=5, sample_size=3, seed=1),
    ):
        simulation = Simulation(table, Settings(budget=Budget(1000)))
        evaluator = SimulationEvaluator(simulation, search_space(table, restrict=True))
        strategy(ChoiceSpace(evaluator), SequentialExecutionEngine(20))
        assert len(simulation.trials) == 20
        assert max(trial.score for trial in simulation.trials) > -math.log(65)
