"""The torch module computes what the recipe says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from search_spaces.rnn_cell import Recipe, published_ids, published_recipe
from search_spaces.rnn_cell.network import LinearMap, RecurrentCell
from search_spaces.rnn_cell.published import NAMED, named_recipe


def cell_of(recipe: Recipe, seed: int = 0, inputs: int = 3, hidden: int = 4) -> RecurrentCell:
    return RecurrentCell(recipe, inputs, hidden, torch.Generator().manual_seed(seed)).double()


def linear_maps(cell: RecurrentCell) -> dict[str, LinearMap]:
    names = [node.name for node in cell.recipe.nodes if node.op == "linear"]
    return dict(zip(names, cell.maps, strict=True))


@pytest.mark.parametrize("recipe_id", published_ids()[::700])
def test_parameters_are_as_many_as_the_recipe_says(recipe_id: int) -> None:
    recipe = published_recipe(recipe_id)
    cell = RecurrentCell(recipe, 5, 7)
    assert sum(p.numel() for p in cell.parameters()) == recipe.num_parameters(5, 7)


@pytest.mark.parametrize("recipe_id", [*range(1000000, 1000003), 1007537, 1013000])
def test_gradients_reach_every_parameter(recipe_id: int) -> None:
    cell = cell_of(published_recipe(recipe_id))
    inputs = torch.randn(5, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    outputs, states = cell.unroll(inputs)
    assert outputs.shape == (5, 2, 4)
    assert [state.shape for state in states] == [(2, 4)] * cell.recipe.hidden_states
    assert torch.equal(outputs[-1], states[0])
    (outputs.sum() + sum(state.sum() for state in states)).backward()
    assert all(torch.any(p.grad != 0) for p in cell.parameters())


@pytest.mark.parametrize("name", NAMED)
def test_unroll_carries_the_states(name: str) -> None:
    cell = cell_of(named_recipe(name))
    inputs = torch.randn(6, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    whole, last = cell.unroll(inputs)
    first, middle = cell.unroll(inputs[:4])
    second, end = cell.unroll(inputs[4:], middle)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(end, last)


def test_rnn_is_torchs() -> None:
    cell = cell_of(named_recipe("rnn"))
    (linear,) = linear_maps(cell).values()
    theirs = torch.nn.RNNCell(3, 4).double()
    with torch.no_grad():
        theirs.weight_ih.copy_(linear.matrices[0])
        theirs.weight_hh.copy_(linear.matrices[1])
        theirs.bias_ih.copy_(linear.bias)
        theirs.bias_hh.zero_()
    x, h = torch.randn(2, 3).double(), torch.randn(2, 4).double()
    torch.testing.assert_close(cell(x, [h])[0], theirs(x, h))


def test_gru_is_torchs_up_to_where_the_reset_gate_acts() -> None:
    """The release resets h before its matrix, torch after: equal for a diagonal matrix."""
    cell = cell_of(named_recipe("gru"))
    maps = linear_maps(cell)
    theirs = torch.nn.GRUCell(3, 4).double()
    with torch.no_grad():
        maps["h_tilde"].matrices[1].copy_(torch.diag(torch.tensor([0.5, -1.0, 2.0, 0.1])))
        gates = [maps[name] for name in ("r", "z", "h_tilde")]
        theirs.weight_ih.copy_(torch.cat([gate.matrices[0] for gate in gates]))
        theirs.weight_hh.copy_(torch.cat([gate.matrices[1] for gate in gates]))
        theirs.bias_ih.copy_(torch.cat([gate.bias for gate in gates]))
        theirs.bias_hh.zero_()
    x, h = torch.randn(2, 3).double(), torch.randn(2, 4).double()
    torch.testing.assert_close(cell(x, [h])[0], theirs(x, h))


def test_lstm_is_torchs_with_the_releases_activations() -> None:
    """The release's input gate and output gate are tanh, its candidate is sigmoid.

    So its next memory is torch's with input gate and candidate exchanged; the output is not.
    """
    cell = cell_of(named_recipe("lstm"))
    maps = linear_maps(cell)
    theirs = torch.nn.LSTMCell(3, 4).double()
    with torch.no_grad():  # torch's order: input gate, forget gate, candidate, output gate
        gates = [maps[name] for name in ("j", "f", "i", "o")]
        theirs.weight_ih.copy_(torch.cat([gate.matrices[0] for gate in gates]))
        theirs.weight_hh.copy_(torch.cat([gate.matrices[1] for gate in gates]))
        theirs.bias_ih.copy_(torch.cat([gate.bias for gate in gates]))
        theirs.bias_hh.zero_()
    x, h, c = torch.randn(2, 3).double(), torch.randn(2, 4).double(), torch.randn(2, 4).double()
    new_h, new_c = cell(x, [h, c])
    _, their_c = theirs(x, (h, c))
    torch.testing.assert_close(new_c, their_c)
    output_gate = torch.tanh(maps["o"]([x, h]))
    torch.testing.assert_close(new_h, torch.tanh(their_c) * output_gate)


def test_every_operation_against_numpy() -> None:
    recipe = Recipe.from_json(
        '{"a": {"op": "linear", "input": ["h_prev_1", "x", "h_prev_0"]},'
        ' "b": {"op": "activation_leaky_relu", "input": ["a"]},'
        ' "c": {"op": "activation_sigm", "input": ["h_prev_1"]},'
        ' "d": {"op": "elementwise_prod", "input": ["b", "c", "b"]},'
        ' "e": {"op": "blend", "input": ["c", "b", "h_prev_0"]},'
        ' "h_new_0": {"op": "elementwise_sum", "input": ["d", "e", "h_new_1"]},'
        ' "h_new_1": {"op": "activation_tanh", "input": ["d"]}}'
    )
    cell = cell_of(recipe)
    rng = np.random.default_rng(0)
    x, h0, h1 = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    linear = linear_maps(cell)["a"]
    on_h1, on_x, on_h0 = (matrix.detach().numpy() for matrix in linear.matrices)
    a = h1 @ on_h1.T + x @ on_x.T + h0 @ on_h0.T + linear.bias.detach().numpy()
    b = np.where(a > 0, a, 0.01 * a)
    c = 1 / (1 + np.exp(-h1))
    d = b * c * b
    e = c * b + (1 - c) * h0
    new_h1 = np.tanh(d)
    new_h0 = d + e + new_h1
    ours = cell(torch.from_numpy(x), [torch.from_numpy(h0), torch.from_numpy(h1)])
    np.testing.assert_allclose(ours[0].detach().numpy(), new_h0, rtol=1e-12)
    np.testing.assert_allclose(ours[1].detach().numpy(), new_h1, rtol=1e-12)


def test_weights_are_drawn_in_the_releases_order() -> None:
    """As layers, in the recipe's order; then again, bias first: the second draw is what stays."""
    recipe = published_recipe(1007537)
    cell = RecurrentCell(recipe, 3, 4, torch.Generator().manual_seed(5))
    twin = torch.Generator().manual_seed(5)
    linear = [node for node in recipe.nodes if node.op == "linear"]
    assert len(linear) > 1
    shapes = [[(4, 3 if name == "x" else 4) for name in node.inputs] for node in linear]
    for matrices in shapes:
        for shape in [*matrices, (4,)]:
            torch.empty(shape).uniform_(generator=twin)
    for node, matrices in zip(linear, shapes, strict=True):
        ours = linear_maps(cell)[node.name]
        for parameter, shape in zip([ours.bias, *ours.matrices], [(4,), *matrices], strict=True):
            drawn = torch.empty(shape).uniform_(-0.5, 0.5, generator=twin)
            assert torch.equal(parameter, drawn)


def test_the_default_generator_is_torchs() -> None:
    torch.manual_seed(3)
    first = RecurrentCell(named_recipe("lstm"), 3, 4)
    second = RecurrentCell(named_recipe("lstm"), 3, 4, torch.Generator().manual_seed(3))
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)
