"""The fast recurrence against the plain one: step by step, node by node, through autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from search_spaces.rnn_cell import Recipe, moves
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import NAMED, named_recipe, published_recipe
from search_spaces.rnn_cell.recurrence.function import Trace

TIME, BATCH, WIDTH, HIDDEN = 7, 3, 5, 6

UNUSUAL = [
    # Reads one input twice; a node is called like a buffer; a result is read within its own step.
    {
        "linear": {"op": "linear", "input": ["x", "x", "h_prev_0"]},
        "state 0": {"op": "elementwise_sum", "input": ["linear", "linear"]},
        "h_new_0": {"op": "activation_tanh", "input": ["state 0"]},
        "a": {"op": "elementwise_prod", "input": ["h_new_0", "linear", "h_prev_1"]},
        "h_new_1": {"op": "linear", "input": ["a", "h_new_0"]},
    },
    # Results that are a linear map, and a sum of products.
    {
        "l": {"op": "linear", "input": ["h_prev_1"]},
        "m": {"op": "linear", "input": ["x"]},
        "p": {"op": "elementwise_prod", "input": ["l", "m"]},
        "q": {"op": "elementwise_prod", "input": ["m", "m"]},
        "n": {"op": "linear", "input": ["h_prev_0", "m"]},
        "r": {"op": "elementwise_prod", "input": ["n", "h_prev_0"]},
        "h_new_0": {"op": "elementwise_sum", "input": ["p", "q", "r"]},
        "h_new_1": {"op": "linear", "input": ["m", "n"]},
    },
    # A blend of one value with itself, and an activation of what is no linear map.
    {
        "l": {"op": "linear", "input": ["x", "h_prev_0"]},
        "s": {"op": "activation_sigm", "input": ["l"]},
        "b": {"op": "blend", "input": ["s", "l", "s"]},
        "c": {"op": "blend", "input": ["b", "b", "l"]},
        "h_new_0": {"op": "activation_leaky_relu", "input": ["c"]},
    },
    # Sums of one value with itself: the factors of their gradients are constants.
    {
        "l": {"op": "linear", "input": ["x", "h_prev_0"]},
        "s": {"op": "elementwise_sum", "input": ["l", "l"]},
        "h_new_0": {"op": "elementwise_sum", "input": ["s", "s"]},
    },
]
RECIPES = [
    *(named_recipe(name) for name in NAMED),
    *(published_recipe(i) for i in range(1_000_003, 1_014_003, 467)),
    *(Recipe.from_json(recipe) for recipe in UNUSUAL),
]


def step_by_step(cell: RecurrentCell, x: Tensor, states: list[Tensor]) -> list[Tensor]:
    """Outputs and last states as the release computes them."""
    current, outputs = tuple(states), []
    for step in x:
        current = cell(step, current)
        outputs.append(current[0])
    return [torch.stack(outputs), *current]


def problem(recipe: Recipe, time: int = TIME) -> tuple[RecurrentCell, Tensor, list[Tensor]]:
    """A cell, inputs and states in double precision, all of which need gradients."""
    generator = torch.Generator().manual_seed(0)
    cell = RecurrentCell(recipe, WIDTH, HIDDEN, generator).double()

    def normal(*shape: int) -> Tensor:
        value = 0.3 * torch.randn(*shape, dtype=torch.float64, generator=generator)
        return value.requires_grad_()

    states = [normal(BATCH, HIDDEN) for _ in range(recipe.hidden_states)]
    return cell, normal(time, BATCH, WIDTH), states


def gradients(values: list[Tensor], needed: list[Tensor]) -> list[Tensor]:
    """Of a mixture of all values, so that every output counts."""
    generator = torch.Generator().manual_seed(1)
    total = sum(
        (v * torch.randn(v.shape, dtype=v.dtype, generator=generator)).sum() for v in values
    )
    return list(torch.autograd.grad(total, needed))


def check_equal(recipe: Recipe) -> None:
    cell, x, states = problem(recipe)
    needed = [x, *states, *cell.parameters()]
    wanted = step_by_step(cell, x, states)
    outputs, last = cell.unroll(x, states)
    found = [outputs, *last]
    for value, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(value, other, rtol=1e-9, atol=1e-9)
    # Gradients may be large sums of cancelling terms: some digits are lost in either order.
    for value, other in zip(gradients(found, needed), gradients(wanted, needed), strict=True):
        torch.testing.assert_close(value, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.canonical_key[:8])
def test_equal_to_the_plain_loop_in_value_and_gradient(recipe: Recipe) -> None:
    check_equal(recipe)


@given(st.integers(0, 2**32), st.integers(0, 12))
def test_equal_for_any_cell_of_the_space(seed: int, edits: int) -> None:
    rng = np.random.default_rng(seed)
    recipe = moves.sample(rng)
    for _ in range(edits):
        recipe = moves.mutate(recipe, rng)
    check_equal(recipe)


@pytest.mark.parametrize("name", NAMED)
def test_gradcheck(name: str) -> None:
    cell, x, states = problem(named_recipe(name), time=3)

    def outputs(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        values, last = cell.unroll(x, states)
        return values, *last

    assert torch.autograd.gradcheck(outputs, (x, *states))


def test_one_step_is_enough_and_states_are_carried_over() -> None:
    cell, x, states = problem(named_recipe("lstm"))
    whole, last = cell.unroll(x, states)
    first, between = cell.unroll(x[:1], states)
    rest, end = cell.unroll(x[1:], between)
    torch.testing.assert_close(torch.cat([first, rest]), whole)
    for state, other in zip(end, last, strict=True):
        torch.testing.assert_close(state, other)


def test_inputs_may_lie_in_any_order_in_memory() -> None:
    cell = RecurrentCell(named_recipe("lstm"), WIDTH, HIDDEN)
    rows = torch.randn(BATCH, TIME, WIDTH)
    gradients = []
    for x in (rows.transpose(0, 1), rows.transpose(0, 1).contiguous()):
        x = x.requires_grad_(True)
        outputs, _ = cell.unroll(x)
        (gradient,) = torch.autograd.grad(outputs.sum(), x)
        gradients.append(gradient)
    assert gradients[0].abs().sum() > 0
    assert torch.equal(*gradients)


def test_without_states_it_starts_from_zero() -> None:
    cell, x, states = problem(named_recipe("gru"))
    zeros = [torch.zeros_like(state) for state in states]
    torch.testing.assert_close(cell.unroll(x)[0], cell.unroll(x, zeros)[0])


def test_drop_reaches_the_recurrent_matrices_alone_and_can_freeze_them() -> None:
    cell, x, states = problem(named_recipe("lstm"))
    seen: list[Tensor] = []

    def drop(matrix: Tensor) -> Tensor:
        seen.append(matrix)
        return (0 * matrix).detach()

    outputs, _ = cell.unroll(x, states, drop=drop)
    outputs.sum().backward()
    assert [matrix.shape for matrix in seen] == [(HIDDEN, HIDDEN)] * 4
    assert all(matrix.grad is None for matrix in seen)
    with torch.no_grad():
        for matrix in seen:
            matrix.zero_()
    torch.testing.assert_close(outputs, cell.unroll(x, states)[0])


def test_the_trace_holds_activations_and_previous_states_at_every_step() -> None:
    cell, x, states = problem(named_recipe("lstm"))
    trace = Trace()
    outputs, _ = cell.unroll(x, states, trace=trace)
    torch.testing.assert_close(trace.values["h_prev_0"][1:], outputs[:-1])
    torch.testing.assert_close(trace.values["h_prev_0"][0], states[0])
    cell_state = trace.values["h_prev_1"][1:]
    torch.testing.assert_close(trace.values["h_new_1_act"][:-1], torch.tanh(cell_state))
    torch.testing.assert_close(
        outputs, trace.values["h_new_1_act"] * trace.values["o_act"], rtol=1e-12, atol=1e-12
    )
    activations = {n.name for n in cell.recipe.nodes if n.op.startswith("activation_")}
    assert set(trace.values) == activations | {"h_prev_0", "h_prev_1"}


def test_the_trace_holds_the_gradient_of_the_output_state() -> None:
    cell, x, states = problem(named_recipe("gru"))
    trace = Trace()
    outputs, _ = cell.unroll(x, states, trace=trace)
    outputs.pow(2).sum().backward()
    current, kept = tuple(states), []
    for step in x:
        current = cell(step, current)
        current[0].retain_grad()
        kept.append(current[0])
    torch.stack(kept).pow(2).sum().backward()
    assert trace.state_gradient is not None
    wanted = torch.stack([state.grad for state in kept if state.grad is not None])
    torch.testing.assert_close(trace.state_gradient, wanted, rtol=1e-9, atol=1e-9)


def test_a_second_backward_pass_gives_the_same_again() -> None:
    cell, x, states = problem(named_recipe("lstm"))
    outputs, _ = cell.unroll(x, states)
    first = torch.autograd.grad(outputs.sum(), [x, *cell.parameters()], retain_graph=True)
    second = torch.autograd.grad(outputs.sum(), [x, *cell.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_outputs_may_be_changed_before_the_backward_pass() -> None:
    cell, x, states = problem(named_recipe("rnn"))
    wanted = torch.autograd.grad(cell.unroll(x, states)[0].sum(), x)
    outputs, _ = cell.unroll(x, states)
    with torch.no_grad():
        outputs.zero_()
    assert torch.equal(*torch.autograd.grad(outputs.sum(), x), *wanted)


def test_calls_whose_backward_passes_wait_do_not_share_buffers() -> None:
    cell, x, states = problem(named_recipe("lstm"))
    inputs = [x, 2 * x, x[: TIME - 3]]
    wanted = [torch.autograd.grad(cell.unroll(i, states)[0].sum(), states) for i in inputs]
    waiting = [cell.unroll(i, states)[0] for i in inputs]
    for outputs, other in zip(reversed(waiting), reversed(wanted), strict=True):
        found = torch.autograd.grad(outputs.sum(), states)
        assert all(torch.equal(a, b) for a, b in zip(found, other, strict=True))


def test_buffers_of_an_evaluation_serve_a_training() -> None:
    cell, x, states = problem(published_recipe(1_000_003))
    with torch.inference_mode():
        wanted, _ = cell.unroll(x, states)
    outputs, _ = cell.unroll(x, states)
    assert torch.equal(outputs, wanted)
    outputs.sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


def test_mixed_precision_computes_in_the_low_one_and_gives_gradients_in_the_high_one() -> None:
    cell = RecurrentCell(named_recipe("lstm"), WIDTH, HIDDEN, torch.Generator().manual_seed(0))
    x = torch.randn(TIME, BATCH, WIDTH, generator=torch.Generator().manual_seed(0))
    wanted, _ = cell.unroll(x)
    with torch.autocast("cpu", torch.bfloat16):
        outputs, last = cell.unroll(x)
    assert outputs.dtype == torch.bfloat16 == last[1].dtype
    torch.testing.assert_close(outputs.float(), wanted, rtol=0.05, atol=0.02)
    outputs.float().sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in cell.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_the_same_on_a_gpu() -> None:
    cell, x, states = problem(named_recipe("gru"))
    wanted, _ = cell.unroll(x, states)
    outputs, _ = cell.cuda().unroll(x.cuda(), [state.cuda() for state in states])
    torch.testing.assert_close(outputs.cpu(), wanted, rtol=1e-9, atol=1e-9)
