"""Transport plans and layer weights."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.losses.layer_transport import (
    MIN_FRACTION,
    LayerTransport,
    share_weights,
)
from nni_nlp_bench.distillation.losses.transport import transport_plan

Array = NDArray[np.float64]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Array, Array, Array]:
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** draw(st.integers(-8, 4))
    sources, targets = rng.random(n) + 1e-3, rng.random(m) + 1e-3
    return sources, targets, rng.random((n, m)) * scale


def cheapest(sources: Array, targets: Array, costs: Array) -> float:
    """By linear programming."""
    n, m = costs.shape
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    marginals = np.concatenate([sources / sources.sum(), targets / targets.sum()])
    scale = costs.max()
    return float(linprog(costs.ravel() / scale, A_eq=sums, b_eq=marginals).fun * scale)


def plan_of(sources: Array, targets: Array, costs: Array) -> Array:
    plan = transport_plan(*(torch.from_numpy(side) for side in (sources, targets, costs)))
    return plan.numpy()


@given(problems())
@settings(max_examples=60)
def test_plans_are_the_cheapest(problem: tuple[Array, Array, Array]) -> None:
    sources, targets, costs = problem
    plan = plan_of(*problem)
    assert (plan >= 0).all()
    assert plan.sum(1) == pytest.approx(sources / sources.sum())
    assert plan.sum(0) == pytest.approx(targets / targets.sum())
    assert (plan * costs).sum() == pytest.approx(cheapest(*problem), rel=1e-9)


@given(problems())
@settings(max_examples=40)
def test_pyemd_pays_the_same(problem: tuple[Array, Array, Array]) -> None:
    pyemd = pytest.importorskip("pyemd", reason="pyemd, a peer to compare with, is missing")
    sources, targets, costs = problem
    n, m = costs.shape
    scale = costs.max()  # it works with whole numbers, in proportion to the largest
    distances = np.block([[np.zeros((n, n)), costs], [costs.T, np.zeros((m, m))]]) / scale
    supply = np.concatenate([sources / sources.sum(), np.zeros(m)])
    demand = np.concatenate([np.zeros(n), targets / targets.sum()])
    found = (plan_of(*problem) * costs).sum() / scale
    assert found == pytest.approx(pyemd.emd(supply, demand, distances), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("sources", "targets", "costs", "says"),
    [
        ([1.0], [1.0, 1.0], [[1.0]], r"costs \(1, 1\) are not those of \(1,\) sources"),
        ([1.0], [1.0], [[float("nan")]], "not finite"),
        ([1.0], [1.0], [[float("inf")]], "not finite"),
        ([1.0, -1.0], [1.0], [[1.0], [1.0]], "weights of sources must be positive"),
        ([1.0], [0.0], [[1.0]], "weights of targets must be positive"),
        ([float("nan")], [1.0], [[1.0]], "weights of sources must be positive"),
    ],
)
def test_what_is_no_problem_is_named(sources: object, targets: object, costs: object, says: str):
    sides = [torch.tensor(side) for side in (sources, targets, costs)]
    with pytest.raises(UserError, match=says):
        transport_plan(*sides)


def drawn_costs(n: int = 4, m: int = 6, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, m, generator=generator, dtype=torch.float64).requires_grad_()


def transport(n: int = 4, m: int = 6) -> LayerTransport:
    return LayerTransport(n, m).double()


def weights(module: LayerTransport) -> tuple[Tensor, Tensor]:
    return module.student_weights, module.teacher_weights


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_the_distance(seed: int) -> None:
    module, costs = transport(), drawn_costs(seed=seed)
    for _ in range(seed):
        module(drawn_costs(seed=99))
        module.update()
    loss = module(costs)
    (found,) = torch.autograd.grad(loss, costs)
    distance = ot.emd2(*(side / side.sum() for side in weights(module)), costs)
    (wanted,) = torch.autograd.grad(distance, costs)
    assert loss.item() == pytest.approx(distance.item(), rel=1e-12)
    assert torch.allclose(found, wanted, atol=1e-12)


def test_layers_that_are_cheap_to_move_weigh_more() -> None:
    module = transport(2, 1)
    module(torch.tensor([[1.0], [3.0]]).double())
    module.update()
    assert module.student_weights.tolist() == pytest.approx([0.75, 0.25])
    assert module.teacher_weights.tolist() == [1.0]


@pytest.mark.parametrize("double", [False, True])
def test_weights_stay_weights(double: bool) -> None:
    module = LayerTransport(4, 12)
    module = module.double() if double else module
    for seed in range(300):
        module(drawn_costs(4, 12, seed).to(module.student_weights))
        module.update()
        for side in weights(module):
            assert side.sum().item() == pytest.approx(1, abs=1e-6)
            assert (side > 0).all()


def test_a_layer_without_cost_does_not_take_all_and_can_lose_again() -> None:
    module = transport(3, 3)
    costs = torch.ones(3, 3, dtype=torch.float64)
    costs[0] = 0
    for _ in range(20):
        module(costs)
        module.update()
        others = module.student_weights[1:].sum().item()
        assert MIN_FRACTION / 9 < others < 1 / 3
    module(costs.flip(0))
    module.update()
    assert module.student_weights[0] < module.student_weights[2]


def test_a_layer_without_weight_comes_back() -> None:
    module = transport(3, 2)
    module.student_weights.copy_(torch.tensor([0.0, 0.5, 0.5]))
    module.teacher_weights.copy_(torch.tensor([1.0, 0.0]))
    module(torch.ones(3, 2, dtype=torch.float64))
    module.update()
    assert module.student_weights.tolist() == pytest.approx([1 / 3] * 3)
    assert module.teacher_weights.tolist() == pytest.approx([1 / 2] * 2)


def test_like_networks_teach_nothing() -> None:
    module, costs = transport(3, 3), 1 - torch.eye(3, dtype=torch.float64)
    assert module(costs).item() == 0
    module.update()
    assert module(torch.zeros(3, 3, dtype=torch.float64)).item() == 0
    module.update()
    assert all(side.tolist() == pytest.approx([1 / 3] * 3) for side in weights(module))


@pytest.mark.parametrize("smallest", [1e-300, 1e-30])
def test_tiny_costs_count_as_others_do(smallest: float) -> None:
    module = transport(2, 1)
    module(torch.tensor([[1.0], [3.0]]).double() * smallest)
    module.update()
    assert module.student_weights.tolist() == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize("content", [float("nan"), float("inf")])
def test_costs_that_are_not_finite_make_the_loss_nan_and_leave_the_weights(content: float) -> None:
    module = transport(2, 2)
    module(drawn_costs(2, 2))
    assert module(torch.tensor([[1.0, content], [1.0, 2.0]])).isnan()
    module.update()
    assert all(side.tolist() == [0.5, 0.5] for side in weights(module))


def test_one_step_counts_once_and_evaluation_not_at_all() -> None:
    module = transport()
    module.update()
    module.eval()
    module(drawn_costs())
    module.update()
    assert module.student_weights.tolist() == pytest.approx([1 / 4] * 4)
    module.train()
    module(drawn_costs())
    module.eval()
    module(drawn_costs(seed=1))
    module.update()
    once = module.student_weights.clone()
    module.update()
    assert torch.equal(module.student_weights, once)
    other = transport()
    other(drawn_costs())
    other.update()
    assert torch.equal(other.student_weights, once)
    assert once.tolist() != pytest.approx([1 / 4] * 4)


def test_weights_are_saved() -> None:
    module, other = transport(), transport()
    module(drawn_costs())
    module.update()
    other.load_state_dict(module.state_dict())
    assert other(drawn_costs(seed=1)).item() == module(drawn_costs(seed=1)).item()
    assert set(module.state_dict()) == {"student_weights", "teacher_weights"}


def test_shared_weights_are_the_mean() -> None:
    first, second = transport(2, 1), transport(2, 1)
    first.student_weights.copy_(torch.tensor([0.75, 0.25]))
    share_weights(first, second)
    for module in (first, second):
        assert module.student_weights.tolist() == [0.625, 0.375]
        assert module.teacher_weights.tolist() == [1.0]
