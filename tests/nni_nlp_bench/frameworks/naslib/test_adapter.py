"""NASLib's search-space interface, tested without NASLib."""

from __future__ import annotations

import json
import math
from enum import Enum, auto
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.naslib.adapter import SpaceAdapter
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi, dataset_api
from nni_nlp_bench.frameworks.naslib.networks import VectorsNetwork
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import EPOCHS, synthetic_table
from search_spaces.registry import get_space

SPACES = ("rnn_cell", "textnas", "emd_cell", "enas_cell", "encoder", "lts", "asr_cell")
TABLE = synthetic_table(60)


class Metric(Enum):
    """Members of NASLib's Metric."""

    RAW = auto()
    ALL = auto()
    TRAIN_ACCURACY = auto()
    VAL_ACCURACY = auto()
    TEST_ACCURACY = auto()
    VAL_LOSS = auto()
    TEST_LOSS = auto()
    TRAIN_TIME = auto()
    FLOPS = auto()
    PARAMETERS = auto()
    EPOCH = auto()
    HP = auto()


class Adapter(SpaceAdapter):
    """SpaceAdapter without NASLib's Graph."""

    def __init__(self, name: str) -> None:
        self.initialize(get_space(name))


@pytest.fixture
def api() -> DatasetApi:
    return DatasetApi(TABLE, search_space(TABLE, restrict=True))


@pytest.fixture
def drawn(api: DatasetApi) -> Adapter:
    """A cell of the synthetic table with a successful training."""
    graph = Adapter("rnn_cell")
    graph.set_spec(("rnn_cell", TABLE.architectures()[0].to_json()))
    assert api.result(graph.architecture, EPOCHS).status == "OK"
    return graph


@pytest.mark.parametrize("name", SPACES)
def test_hash_round_trip(name: str) -> None:
    graph, other = Adapter(name), Adapter(name)
    graph.sample_random_architecture()
    other.set_spec(eval(str(graph.get_hash())))
    assert other.architecture == graph.architecture
    assert other.get_hash() == graph.get_hash()
    assert len({graph.get_hash(), other.get_hash()}) == 1


def test_speech_cells_have_graphs_but_no_networks_of_words() -> None:
    """NASLib's own space of these cells mutates operations alone, and has no equal hashes."""
    graph, other = Adapter("asr_cell"), Adapter("asr_cell")
    graph.set_spec(("asr_cell", "[[1,0],[3,1,1],[5,0,1,0]]"))
    other.set_spec(("asr_cell", "[[5,0],[5,1,0],[1,0,0,0]]"))
    assert graph.get_hash() == other.get_hash()
    before = graph.chosen.nodes
    moved = [near.nodes for near in graph.neighbours()]
    assert any([a.op for a in nodes] == [b.op for b in before] for nodes in moved)
    with pytest.raises(UserError, match="'asr_cell' has no networks with word vectors as input"):
        VectorsNetwork.of(graph.space, graph.chosen, 2)


def test_equal_cells_have_equal_hashes() -> None:
    graph, other = Adapter("rnn_cell"), Adapter("rnn_cell")
    graph.set_spec(("rnn_cell", "lstm"))
    nodes = json.loads(graph.architecture.to_json())
    other.set_spec(("rnn_cell", json.dumps(dict(reversed(nodes.items())))))
    assert other.architecture.to_json() != graph.architecture.to_json()
    assert other.get_hash() == graph.get_hash()


@pytest.mark.parametrize("name", SPACES)
def test_mutation_does_not_modify_the_parent(name: str) -> None:
    parent, child = Adapter(name), Adapter(name)
    parent.sample_random_architecture()
    before = parent.get_hash()
    child.mutate(parent)
    assert parent.get_hash() == before
    assert child.get_hash() != before


@pytest.mark.parametrize("name", SPACES)
def test_random_choices_depend_on_numpys_global_seed(name: str) -> None:
    def choices() -> list[Any]:
        np.random.seed(3)
        graph, mutant = Adapter(name), Adapter(name)
        graph.sample_random_architecture()
        mutant.mutate(graph)
        return [graph.get_hash(), mutant.get_hash(), graph.neighbours()[-1].to_json()]

    assert choices() == choices()


def test_restricted_api_proposes_only_architectures_of_the_table(api: DatasetApi) -> None:
    graph, child = Adapter("rnn_cell"), Adapter("rnn_cell")
    graph.sample_random_architecture(api)
    child.mutate(graph, api)
    assert all(a in TABLE for a in (graph.architecture, child.architecture))
    near = graph.neighbours(api)
    assert near and all(a in TABLE and a != graph.architecture for a in near)


def test_accuracies_are_minus_losses(drawn: Adapter, api: DatasetApi) -> None:
    result = TABLE.query(drawn.architecture)
    for metric, loss in {
        Metric.TRAIN_ACCURACY: result.train_loss,
        Metric.VAL_ACCURACY: result.val_loss,
        Metric.TEST_ACCURACY: result.test_loss,
    }.items():
        value = drawn.query(metric, "any", dataset_api=api)
        assert type(value) is float
        assert value == -float(loss or 0)
    assert drawn.query(Metric.VAL_LOSS, dataset_api=api) == result.val_loss
    assert drawn.query(Metric.TRAIN_TIME, dataset_api=api) == result.wall_time_s
    assert type(drawn.query(Metric.TRAIN_TIME, dataset_api=api)) is float


def test_epochs_count_from_zero_and_end_with_the_last(drawn: Adapter, api: DatasetApi) -> None:
    def at(epoch: int) -> Any:
        return drawn.query(Metric.EPOCH, epoch=epoch, dataset_api=api)

    assert [at(0), at(3), at(EPOCHS - 1), at(108), at(-1)] == [1, 4, EPOCHS, EPOCHS, EPOCHS]


def test_curve_is_a_list_of_floats(drawn: Adapter, api: DatasetApi) -> None:
    curve = drawn.query(Metric.VAL_ACCURACY, full_lc=True, dataset_api=api)
    assert isinstance(curve, list)
    assert {type(value) for value in curve} == {float}
    assert len(curve) == EPOCHS
    assert curve[-1] == drawn.query(Metric.VAL_ACCURACY, dataset_api=api)
    assert drawn.query(Metric.VAL_ACCURACY, epoch=2, full_lc=True, dataset_api=api) == curve[:3]


def test_raw_and_hyperparameters(drawn: Adapter, api: DatasetApi) -> None:
    raw = drawn.query(Metric.RAW, dataset_api=api)
    assert isinstance(raw, dict)
    assert raw["origin"] == "measured"
    assert raw["val_loss"] == TABLE.query(drawn.architecture).val_loss
    count = get_space("rnn_cell").describe(drawn.architecture)["parameters"]
    assert drawn.query(Metric.HP, dataset_api=api) == {
        "parameters": count,
        "params": pytest.approx(float(count) / 1e6),
    }
    assert drawn.query(Metric.PARAMETERS, dataset_api=api) == count


def test_failed_training_has_the_failure_accuracy(api: DatasetApi) -> None:
    failed = next(a for a in TABLE.architectures() if TABLE.query(a).status != "OK")
    graph = Adapter("rnn_cell")
    graph.set_spec(("rnn_cell", failed.to_json()))
    assert graph.query(Metric.VAL_ACCURACY, dataset_api=api) == -LossUnit.NATS.failure


def test_missing_losses() -> None:
    surrogate = dataset_api("nas-bench-nlp/ptb-surrogate")
    graph = Adapter("rnn_cell")
    graph.set_spec(("rnn_cell", "lstm"))
    test_loss = surrogate.benchmark.query(graph.architecture).test_loss
    assert math.isnan(graph.query(Metric.TRAIN_ACCURACY, dataset_api=surrogate))
    assert graph.query(Metric.VAL_ACCURACY, dataset_api=surrogate) == -float(test_loss or 0)


def test_results_are_cached(drawn: Adapter, api: DatasetApi) -> None:
    asked = []
    answer = api.result
    api.result = lambda *args: asked.append(args) or answer(*args)
    for metric in (Metric.VAL_ACCURACY, Metric.RAW, Metric.TEST_ACCURACY, Metric.TRAIN_TIME):
        drawn.query(metric, dataset_api=api)
    assert len(asked) == 1
    drawn.mutate(drawn, api)
    drawn.query(Metric.VAL_ACCURACY, dataset_api=api)
    assert len(asked) == 2


def test_labelled_architectures_are_those_of_the_table(api: DatasetApi) -> None:
    graph = Adapter("rnn_cell")
    hashes = list(graph.get_arch_iterator(api))
    assert len(set(hashes)) == len(TABLE)
    graph.sample_random_architecture(api, load_labeled=True)
    assert graph.get_hash() in hashes


def test_sampling_without_replacement(api: DatasetApi) -> None:
    graph = Adapter("rnn_cell")
    graph.labeled_archs = list(graph.get_arch_iterator(api))[:5]
    graph.sample_without_replacement = True
    wanted, found = set(graph.labeled_archs), set()
    for _ in range(5):
        graph.sample_random_architecture(load_labeled=True)
        found.add(graph.get_hash())
    assert found == wanted
    with pytest.raises(UserError, match="labeled_archs is empty"):
        graph.sample_random_architecture(load_labeled=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda graph, api: graph.query(Metric.VAL_ACCURACY), "no dataset_api"),
        (lambda graph, api: graph.query(Metric.FLOPS, dataset_api=api), "has no metric FLOPS"),
        (lambda graph, api: Adapter("rnn_cell").get_hash(), "no architecture yet"),
        (lambda graph, api: graph.set_spec(("textnas", "{}")), "belongs to space 'textnas'"),
        (
            lambda graph, api: graph.load_labeled_architecture(
                dataset_api("nas-bench-nlp/ptb-surrogate")
            ),
            "do not use load_labeled",
        ),
    ],
)
def test_errors(call: Any, words: str, drawn: Adapter, api: DatasetApi) -> None:
    with pytest.raises(UserError, match=words) as caught:
        call(drawn, api)
    assert "\n" not in str(caught.value)


def test_dataset_api_of_a_folder(tmp_path: Any) -> None:
    TABLE.save(tmp_path / "table")
    api = dataset_api(str(tmp_path / "table"), restrict=True)
    assert isinstance(api.benchmark, Table)
    graph = Adapter("rnn_cell")
    graph.sample_random_architecture(api)
    assert graph.architecture in TABLE
    assert math.isfinite(float(graph.query(Metric.VAL_ACCURACY, dataset_api=api)))
