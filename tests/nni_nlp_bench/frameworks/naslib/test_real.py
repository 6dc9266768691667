"""The real NASLib: optimizers on all search spaces, Trainer and evaluators."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun as Training
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.frameworks.naslib import adapter, dataset_api, naslib_space, run_suite
from nni_nlp_bench.frameworks.naslib.configuration import OPTIMIZERS
from nni_nlp_bench.frameworks.naslib.evaluation import MEASURES, evaluate_predictor
from nni_nlp_bench.frameworks.naslib.trainer import train
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.registry import make_strategy
from nni_nlp_bench.strategies.search import Search, search_space
from nni_nlp_bench.testing import synthetic_table
from search_spaces.registry import get_space
from search_spaces.rnn_cell.features.table import feature_names

pytestmark = [pytest.mark.naslib, pytest.mark.usefixtures("naslib_here")]

WORD_SPACES = ("rnn_cell", "textnas", "emd_cell", "encoder")
SPACES = (*WORD_SPACES, "asr_cell", "lts")
SMALL = {"num_init": 5, "k": 5, "num_candidates": 10, "population_size": 6, "sample_size": 3}
TRIALS = 12


def table_of(space_name: str, architectures: int = 40) -> Table:
    """Return a table with synthetic losses that decrease with the mean of the features."""
    space, rng = get_space(space_name), np.random.default_rng(0)
    space = space.restricted_to(space.sample(rng))
    runs = []
    for i in range(architectures):
        architecture = space.sample(rng)
        size = float(space.encode(architecture, "counts").mean())
        loss = np.array([4.0 - size / (10 + size)])
        runs.append(
            Training(
                architecture=architecture,
                name=f"log_{i}",
                train_loss=loss,
                val_loss=loss + 0.1,
                test_loss=loss + 0.2,
                wall_time_s=np.array([60.0]),
                status="OK",
                recipe_id=i,
            )
        )
    return Table.from_runs(runs, name=f"synthetic {space_name}", space=space_name, epochs=1)


def trials_of(
    optimizer: str,
    table: Table,
    folder: Path,
    seed: int = 0,
    on_trial: Callable[[Trial], None] | None = None,
    **options: Any,
) -> list[Trial]:
    settings = Settings(budget=Budget(TRIALS))
    config = StrategyConfig.of((f"naslib:{optimizer}", {**SMALL, **options}))
    search = Search(config, seed, settings, restrict=True)
    return list(train(optimizer, search, table, folder, on_trial=on_trial).trials)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_on_search_spaces(optimizer: str, space: str, tmp_path: Path) -> None:
    table = table_of(space)
    trials = trials_of(optimizer, table, tmp_path)
    assert len(trials) == TRIALS
    assert all(trial.architecture in table for trial in trials)
    assert all(trial.score == -trial.result.val_loss for trial in trials)
    statistics = json.loads((tmp_path / "errors.json").read_text())[1]
    best = [max(t.score for t in trials[: i + 1]) for i in range(TRIALS)]
    assert len(statistics["valid_acc"]) == TRIALS
    if optimizer != "local_search":  # it drops a start without better neighbours
        assert statistics["valid_acc"] == pytest.approx(best)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_search_is_deterministic(optimizer: str, tmp_path: Path) -> None:
    table = synthetic_table(60)
    keys = [
        [t.architecture.canonical_key for t in trials_of(optimizer, table, tmp_path / name, seed)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_predictors_see_all_features_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, widths = synthetic_table(60), set()
    encoding = adapter.encoding

    def record(*args: Any) -> Any:
        encoded = encoding(*args)
        widths.add(len(encoded))
        return encoded

    monkeypatch.setattr(adapter, "encoding", record)
    trials_of("bananas", table, tmp_path, features="all")
    assert widths == {len(feature_names())}
    with pytest.raises(UserError, match="unknown features 'none'"):
        trials_of("bananas", table, tmp_path / "none", features="none")


def test_interrupted_search_is_resumed(tmp_path: Path) -> None:
    table = synthetic_table(60)
    whole = trials_of("bananas", table, tmp_path / "whole")

    def interrupt(trial: Trial) -> None:
        if trial.index == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trials_of("bananas", table, tmp_path / "cut", on_trial=interrupt)
    asked: list[int] = []
    query = table.query
    table.query = lambda *args, **kw: asked.append(1) or query(*args, **kw)
    resumed = trials_of("bananas", table, tmp_path / "cut")
    assert [t.architecture for t in resumed] == [t.architecture for t in whole]
    assert 0 < len(asked) < TRIALS


def test_accuracies_of_encoders_are_scores(shared: Callable[[str], Path], tmp_path: Path) -> None:
    source = shared("nas-bench-bert/BERT_benchmark.json")
    import_benchmark(source, "nas-bench-bert", tmp_path / "table")
    table = Table.load(tmp_path / "table")
    trials = trials_of("npenas", table, tmp_path / "run")
    statistics = json.loads((tmp_path / "run" / "errors.json").read_text())[1]
    assert statistics["valid_acc"][-1] == pytest.approx(100 + max(t.score for t in trials))
    assert 60 < statistics["valid_acc"][-1] < 80  # GLUE score


def test_trainer_evaluates_the_given_graph() -> None:
    """NASLib would ignore a graph without vertices and load another one."""
    from fvcore.common.config import CfgNode
    from naslib.defaults.trainer import Trainer

    from nni_nlp_bench.frameworks.naslib.configuration import make_optimizer, search_configuration

    graph, api = naslib_space("rnn_cell"), dataset_api("nas-bench-nlp/ptb-surrogate")
    assert graph
    graph.set_spec(("rnn_cell", "gru"))
    configuration = search_configuration(
        dataset="ptb",
        space="rnn_cell",
        trials=1,
        full_training=50,
        seed=0,
        folder=Path("nowhere"),
        options={},
    )
    optimizer = make_optimizer("random_search", configuration)
    optimizer.adapt_search_space(naslib_space("rnn_cell"), dataset_api=api)
    found = Trainer(optimizer, CfgNode(configuration)).evaluate(best_arch=graph, dataset_api=api)
    loss = api.benchmark.query(graph.architecture).test_loss
    assert loss is not None
    assert found == -loss


@pytest.mark.parametrize("space", SPACES)
def test_neighbours_are_modules_with_graphs(space: str) -> None:
    import torch

    graph = naslib_space(space)
    np.random.seed(0)
    graph.sample_random_architecture()
    near = graph.get_nbhd()
    assert near
    assert {type(module) for module in near} == {torch.nn.Module}
    hashes = [module.arch.get_hash() for module in near]
    assert len(set(hashes)) == len(hashes)
    assert graph.get_hash() not in hashes


@pytest.mark.parametrize("space", WORD_SPACES)
def test_network_of_a_graph(space: str) -> None:
    import torch

    from nni_nlp_bench.frameworks.naslib.word_batch import word_batch

    graph = naslib_space(space)
    batch = word_batch(graph.space)
    graph.num_classes = batch.classes
    np.random.seed(0)
    graph.sample_random_architecture()
    graph.parse()
    vectors = batch.vectors.clone().requires_grad_(True)
    logits = graph(vectors)
    assert logits.shape == (len(batch.labels), batch.classes)
    (gradient,) = torch.autograd.grad(graph.get_loss_fn()(logits, batch.labels), vectors)
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", ["lgb", "rf", "mlp", "bonas", "score:miniature_recall"])
def test_evaluate_predictor(name: str, tmp_path: Path) -> None:
    api = dataset_api("nas-bench-nlp/ptb-surrogate")
    found = evaluate_predictor(
        name, api.benchmark, api.space, train=20, test=12, seed=0, folder=tmp_path
    )
    assert set(MEASURES) <= set(found)
    assert all(math.isfinite(found[measure]) for measure in MEASURES)
    assert -1 <= found["kendalltau"] <= 1


@pytest.mark.parametrize("space", ["textnas", "emd_cell"])
def test_zero_cost_measures_on_networks(space: str, tmp_path: Path) -> None:
    table = table_of(space)
    found = evaluate_predictor(
        "zero_cost:jacov",
        table,
        search_space(table, True),
        train=2,
        test=4,
        seed=0,
        folder=tmp_path,
    )
    assert all(math.isfinite(found[measure]) for measure in MEASURES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zero_cost:snip", "of the weights of this network of rnn_cell; use epe_nas or jacov"),
        ("zero_cost:zen", "'zen' is not a measure of NASLib for networks of words; known: epe_nas"),
        ("forest", "unknown predictor 'forest'; known: "),
        ("score:none", "unknown score 'none'"),
    ],
)
def test_error_for_inapplicable_measures(name: str, words: str, tmp_path: Path) -> None:
    api = dataset_api("nas-bench-nlp/ptb-surrogate")
    with pytest.raises(UserError, match=words):
        evaluate_predictor(name, api.benchmark, api.space, train=5, test=3, seed=0, folder=tmp_path)


def test_strategy_is_sequential_and_restores_global_generators() -> None:
    space = get_space("rnn_cell")
    strategy = make_strategy("naslib:regularized_evolution", space, 0, 50, **SMALL)
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()
    for score in (-5.0, None, -4.0, None, -6.0, None, -3.0, None):
        proposal = strategy.ask()
        assert proposal is not None
        assert strategy.ask() is None
        strategy.tell(proposal, score)
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"population": 5}, "unknown option 'population' of NASLib; known: sample_size"),
        ({"k": "ten"}, "option k of NASLib must be of type int, not 'ten'"),
    ],
)
def test_error_for_unknown_options(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        trials_of("bananas", synthetic_table(20), tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_command_writes_the_files_of_search(tmp_path: Path) -> None:
    table = synthetic_table(60)
    table.save(tmp_path / "table")
    arguments = [
        "naslib",
        "search",
        "--optimizer",
        "regularized_evolution",
        "--trials",
        "10",
        "--restrict",
    ]
    common = ["--benchmark", str(tmp_path / "table"), "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(app, [*arguments, *common, "--json"])
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["ranking"][0]["strategy"] == "naslib:regularized_evolution"
    with (tmp_path / "out" / "trials.csv").open() as file:
        assert [row["trial"] for row in csv.DictReader(file)] == [str(i) for i in range(10)]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"trials.csv", "summary.csv", "best.json", "curve.png", "naslib"} <= names
    again = CliRunner().invoke(app, [*arguments, *common, "--json"])
    assert again.stdout == first.stdout


def test_run_suite_writes_the_same_files(tmp_path: Path) -> None:
    synthetic_table(60).save(tmp_path / "table")
    outcome = run_suite(
        "local_search",
        "rnn_cell",
        str(tmp_path / "table"),
        out=tmp_path / "out",
        trials=8,
        restrict=True,
        options=SMALL,
    )
    assert [row.strategy for row in outcome.ranked] == ["naslib:local_search"]
    with (tmp_path / "out" / "trials.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8
    with pytest.raises(UserError, match="synthetic is a benchmark of space 'rnn_cell'"):
        run_suite("local_search", "textnas", str(tmp_path / "table"), out=tmp_path / "other")


def test_comparison_with_own_strategies(tmp_path: Path) -> None:
    synthetic_table(60).save(tmp_path / "table")
    arguments = ["compare", "--strategies", "random,naslib:local_search", "--trials", "8"]
    common = ["--benchmark", str(tmp_path / "table"), "--restrict", "--seeds", "2", "--json"]
    done = CliRunner().invoke(app, [*arguments, *common, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    ranking = json.loads(done.stdout)["ranking"]
    assert {row["strategy"] for row in ranking} == {"random", "naslib:local_search"}
    page = CliRunner().invoke(
        app, ["report", str(tmp_path / "out"), "--out", str(tmp_path / "page.html")]
    )
    assert page.exit_code == 0, page.output
    assert "naslib:local_search" in (tmp_path / "page.html").read_text()
