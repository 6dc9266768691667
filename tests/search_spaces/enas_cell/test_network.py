"""The network: the paper's formula, the recipe that says the same, drawing and dropping weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from search_spaces.enas_cell import Cell, CellError, Node, moves
from search_spaces.enas_cell.network import EnasCell
from search_spaces.enas_cell.published import published_cell
from search_spaces.enas_cell.recipe import to_recipe
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.recurrence.function import Trace

INPUT, HIDDEN, STEPS, BATCH = 3, 5, 4, 2
FUNCTIONS = {
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0),
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "identity": lambda v: v,
}


def drawn(seed: int, nodes: int) -> Cell:
    return moves.sample(np.random.default_rng(seed), nodes)


def network(cell: Cell, seed: int = 0) -> EnasCell:
    return EnasCell(cell, INPUT, HIDDEN, torch.Generator().manual_seed(seed)).double()


def inputs() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(STEPS, BATCH, INPUT, generator=generator, dtype=torch.float64)


def by_formula(net: EnasCell, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """One step of the paper's equations, in plain numpy."""
    sigmoid = FUNCTIONS["sigmoid"]
    gate_x, map_x = np.split(net.input_map.detach().numpy(), 2)
    values: dict[int, np.ndarray] = {}
    for i, (j, activation) in enumerate(net.cell.nodes, start=1):
        gate_h, map_h = np.split(net.maps[i - 1].detach().numpy(), 2)
        read = h if j == 0 else values[j]
        for_x = (x @ gate_x.T, x @ map_x.T) if j == 0 else (0.0, 0.0)
        c = sigmoid(for_x[0] + read @ gate_h.T)
        values[i] = c * FUNCTIONS[activation](for_x[1] + read @ map_h.T) + (1 - c) * read
    loose = [i for i in values if all(i != j for j, _ in net.cell.nodes)]
    return sum(values[i] for i in loose) / len(loose)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "cell", [drawn(0, 8), drawn(1, 8), drawn(2, 1), published_cell("enas_ptb")]
)
def test_the_network_is_the_papers_formula(cell: Cell) -> None:
    net, x = network(cell), inputs()
    start = torch.randn(BATCH, HIDDEN, dtype=torch.float64, generator=torch.Generator())
    outputs, (last,) = net.unroll(x, (start,))
    state = start.numpy()
    for step in range(STEPS):
        state = by_formula(net, x[step].numpy(), state)
        np.testing.assert_allclose(outputs[step].detach().numpy(), state, rtol=1e-12, atol=1e-14)
    assert torch.equal(last, outputs[-1])


def test_the_formula_is_differentiated() -> None:
    net, x = network(drawn(3, 5)), inputs().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: net.unroll(v)[0], x)


def test_one_step_is_a_step_of_the_loop() -> None:
    net, x = network(drawn(0, 8)), inputs()
    outputs, _ = net.unroll(x)
    states = net.zero_states(x)
    for step in range(STEPS):
        states = net(x[step], states)
        torch.testing.assert_close(states[0], outputs[step])


def test_the_generator_decides_the_weights() -> None:
    cell = drawn(0, 8)
    one, same, other = network(cell, 5), network(cell, 5), network(cell, 6)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.input_map, other.input_map)
    assert all(weight.abs().max() <= HIDDEN**-0.5 for weight in one.parameters())
    assert sum(w.numel() for w in one.parameters()) == cell.num_parameters(INPUT, HIDDEN)


def test_every_matrix_but_that_of_x_is_dropped() -> None:
    net = network(drawn(0, 8))
    seen: list[Tensor] = []

    def drop(matrix: Tensor) -> Tensor:
        seen.append(matrix)
        return torch.zeros_like(matrix)

    outputs, _ = net.unroll(inputs(), drop=drop)
    assert [id(matrix) for matrix in seen] == [id(matrix) for matrix in net.maps]
    bare = network(net.cell)
    bare.load_state_dict(net.state_dict())
    for matrix in bare.maps:
        torch.nn.init.zeros_(matrix)
    torch.testing.assert_close(outputs, bare.unroll(inputs())[0])


SAID = [
    Cell((Node(0, "tanh"), Node(1, "sigmoid"))),
    Cell((Node(0, "identity"), Node(1, "tanh"), Node(2, "sigmoid"), Node(3, "tanh"))),
    Cell((Node(0, "identity"), *(Node(i, "identity") for i in range(1, 6)))),
]


def recurrent(net: EnasCell) -> RecurrentCell:
    """The network of the recipe with the matrices of the cell."""
    recipe = to_recipe(net.cell)
    found = RecurrentCell(recipe, INPUT, HIDDEN).double()
    names = [node.name for node in recipe.nodes if node.op == "linear"]
    with torch.no_grad():
        for name, linear in zip(names, found.maps, strict=True):
            kind, number = name.split("_")
            part = 0 if kind == "gate" else 1
            own = [net.input_map] if number == "1" else []
            own.append(net.maps[int(number) - 1])
            linear.bias.zero_()
            for target, source in zip(linear.matrices, own, strict=True):
                target.copy_(source.chunk(2)[part])
    return found


@pytest.mark.parametrize("cell", SAID)
def test_the_recipe_computes_the_same(cell: Cell) -> None:
    net, x = network(cell), inputs()
    mine, theirs = Trace(), Trace()
    outputs, (last,) = net.unroll(x, trace=mine)
    others, (other,) = recurrent(net).unroll(x, trace=theirs)
    torch.testing.assert_close(outputs, others, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(last, other, rtol=1e-12, atol=1e-14)
    assert mine.values.keys() == theirs.values.keys()
    for name, values in theirs.values.items():
        torch.testing.assert_close(mine.values[name], values)
    for all_outputs in (outputs, others):
        all_outputs.pow(2).sum().backward()
    assert mine.state_gradient is not None
    torch.testing.assert_close(mine.state_gradient, theirs.state_gradient)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (Cell((Node(0, "tanh"), Node(1, "relu"))), "node 2 is a relu"),
        (Cell((Node(0, "tanh"), Node(1, "tanh"), Node(1, "tanh"))), "the mean of 2 ends"),
        (Cell((Node(0, "tanh"),)), "wire h_prev_0 to h_new_0 directly"),
        (Cell(tuple(Node(i, "tanh") for i in range(5))), "need 25 nodes"),
    ],
)
def test_a_cell_that_no_recipe_says_is_refused_with_the_reason(cell: Cell, reason: str) -> None:
    with pytest.raises(CellError, match=f"no recipe says this cell: .*{reason}"):
        to_recipe(cell)
