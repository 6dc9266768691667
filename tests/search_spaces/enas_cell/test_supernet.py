"""All cells in one network: a path is a cell, a mixture of one is a path, NNI's strategies."""

from __future__ import annotations

from typing import Any

import nni
import numpy as np
import pytest
import torch
from nni.mutable import SampleValidationError
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace, model_context
from nni.nas.strategy import (
    DARTS,
    ENAS,
    GumbelDARTS,
    Proxyless,
    Random,
    RandomOneShot,
    RegularizedEvolution,
)
from torch import Tensor

from search_spaces.enas_cell import Cell, Node, moves
from search_spaces.enas_cell.model_space import EnasCellModelSpace
from search_spaces.enas_cell.network import EnasCell
from search_spaces.enas_cell.supernet import MixedCell, SampledCell

pytestmark = pytest.mark.usefixtures("quiet")

INPUT, HIDDEN, NODES = 3, 4, 6
SIZES = {"nodes": NODES, "input_size": INPUT, "hidden_size": HIDDEN}


def supernet(strategy: Any) -> Any:
    space = strategy.mutate_model(EnasCellModelSpace(**SIZES))
    return space.double()


def inputs() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(5, 2, INPUT, generator=generator, dtype=torch.float64)


def drawn(seed: int) -> Cell:
    return moves.sample(np.random.default_rng(seed), NODES)


@pytest.mark.parametrize("strategy", [ENAS, RandomOneShot])
def test_path_sampling_takes_the_place_of_the_choices(strategy: Any) -> None:
    assert isinstance(supernet(strategy()).cell, SampledCell)


@pytest.mark.parametrize("strategy", [DARTS, GumbelDARTS])
def test_the_mixture_takes_the_place_of_the_choices(strategy: Any) -> None:
    space = supernet(strategy())
    assert isinstance(space.cell, MixedCell)
    assert {len(alpha) for alpha in space.cell.arch_parameters()} == {2, 3, 4, 5}


@pytest.mark.parametrize("seed", range(3))
def test_a_sampled_path_is_the_cell_with_the_same_weights(seed: int) -> None:
    space, cell, x = supernet(ENAS()), drawn(seed), inputs()
    sample = space.to_sample(cell)
    assert space.cell.resample(memo=sample) == sample
    assert space.cell.current() == cell
    frozen = space.freeze(sample).double()
    assert isinstance(frozen, EnasCell)
    outputs, (last,) = space.cell.unroll(x)
    others, (other,) = frozen.unroll(x)
    assert torch.equal(outputs, others)
    assert torch.equal(last, other)


def test_cells_share_the_matrix_of_a_pair_whatever_the_activation() -> None:
    space = supernet(ENAS())
    one = Cell((Node(0, "tanh"), Node(1, "relu"), Node(1, "tanh")))
    other = Cell((Node(0, "relu"), Node(1, "tanh"), Node(2, "tanh")))
    of_one, of_other = (space.cell.weights(cell).maps for cell in (one, other))
    assert [a is b for a, b in zip(of_one, of_other, strict=True)] == [True, True, False]
    pairs = {id(space.cell.pair_map(i, j)) for i in range(2, NODES + 1) for j in range(1, i)}
    assert len(pairs) == NODES * (NODES - 1) / 2 == len(space.cell.pair_maps)


def test_gradients_reach_only_the_sampled_path() -> None:
    space, cell = supernet(ENAS()), drawn(0)
    space.cell.resample(memo=space.to_sample(cell))
    outputs, _ = space.cell.unroll(inputs())
    outputs.sum().backward()
    used = {id(weight) for weight in (*space.cell.weights(cell).maps, space.cell.input_map)}
    for weight in space.cell.parameters():
        assert (weight.grad is not None) == (id(weight) in used)
        assert weight.grad is None or weight.grad.abs().sum() > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_mixture_of_one_cell_is_that_cell(seed: int) -> None:
    space, cell, x = supernet(DARTS()), drawn(seed), inputs()
    sample = space.to_sample(cell)
    for label, values in space.cell.choices.categoricals.items():
        one_hot = [0.0 if value == sample[label] else -1e9 for value in values]
        space.cell.alphas[label].data = torch.tensor(one_hot, dtype=torch.float64)
    assert space.cell.current() == cell
    assert space.cell.export({}) == sample
    outputs, (last,) = space.cell.unroll(x)
    others, (other,) = space.freeze(sample).double().unroll(x)
    torch.testing.assert_close(outputs, others, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(last, other, rtol=1e-12, atol=1e-14)


def test_a_mixture_is_the_weighted_sum_over_predecessors_and_activations() -> None:
    """Three nodes, one step, written out; node 2 is read by a third node with some weight."""
    space = DARTS().mutate_model(EnasCellModelSpace(3, INPUT, HIDDEN)).double()
    cell, x = space.cell, inputs()[:1]
    for alpha in cell.alphas.values():
        torch.nn.init.normal_(alpha, generator=torch.Generator().manual_seed(len(alpha)))
    shares = cell.export_probs({})
    functions = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}

    def read(node: int, product: Tensor, h: Tensor) -> Tensor:
        gate, candidate = product.split(HIDDEN, dim=-1)
        bent = sum(
            share * functions.get(name, lambda v: v)(candidate)
            for name, share in shares[f"activation_{node}"].items()
        )
        return torch.sigmoid(gate) * bent + (1 - torch.sigmoid(gate)) * h

    zero = torch.zeros(2, HIDDEN, dtype=torch.float64)
    h1 = read(1, x[0] @ cell.input_map.T, zero)
    h2 = read(2, h1 @ cell.pair_map(2, 1).T, h1)
    by_first, by_second = (read(3, h @ cell.pair_map(3, j).T, h) for j, h in ((1, h1), (2, h2)))
    third = shares["input_3"]
    h3 = third[1] * by_first + third[2] * by_second
    # Node 1 is read by node 2 for sure; node 2 is an end as far as node 3 does not read it.
    expected = ((1 - third[2]) * h2 + h3) / (2 - third[2])
    torch.testing.assert_close(cell.unroll(x)[0][0], expected)


def test_gradients_reach_all_alphas() -> None:
    space = supernet(DARTS())
    space.cell.unroll(inputs())[0].pow(2).sum().backward()
    for alpha in space.cell.arch_parameters():
        assert alpha.grad is not None
        assert alpha.grad.abs().sum() > 0


def test_an_exploded_gradient_leaves_the_alphas_where_they_are() -> None:
    space = supernet(DARTS())
    (space.cell.unroll(inputs())[0] * torch.inf).sum().backward()
    for alpha in space.cell.arch_parameters():
        assert alpha.grad is not None
        assert not alpha.grad.any()


def test_samples_are_checked_in_nnis_way() -> None:
    space = EnasCellModelSpace(**SIZES)
    sample = space.to_sample(drawn(0))
    for bad in (sample | {"input_3": 3}, sample | {"activation_1": "elu"}, {}):
        with pytest.raises(SampleValidationError):
            space.freeze(bad)
    assert space.export(space.freeze(sample)) == space.export(sample) == drawn(0)


def test_a_fixed_context_builds_the_cell() -> None:
    with model_context(EnasCellModelSpace(**SIZES).to_sample(drawn(0))):
        cell: Any = EnasCellModelSpace(**SIZES)
    assert isinstance(cell, EnasCell)
    assert (cell.cell, cell.input_size, cell.hidden_size) == (drawn(0), INPUT, HIDDEN)


@pytest.mark.parametrize(
    "strategy", [Random(seed=0), RegularizedEvolution(population_size=4, sample_size=2, seed=0)]
)
def test_strategies_that_train_each_cell_get_cells(strategy: Any) -> None:
    seen = []

    def evaluate(model: EnasCell) -> None:
        seen.append(model.cell)
        assert torch.isfinite(model.unroll(torch.ones(2, 1, INPUT))[0]).all()
        nni.report_final_result(float(len(model.cell.ends)))

    space = RawFormatModelSpace.from_model(
        EnasCellModelSpace(**SIZES), FunctionalEvaluator(evaluate)
    )
    strategy(space, SequentialExecutionEngine(8))
    assert len(seen) == 8
    assert len(set(seen)) > 1
    assert all(len(cell.nodes) == NODES for cell in seen)


def test_proxyless_is_refused() -> None:
    with pytest.raises(TypeError, match="dangling mutables"):
        supernet(Proxyless())
