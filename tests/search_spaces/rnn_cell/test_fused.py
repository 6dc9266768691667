"""Recipes on torch's fused kernels against the plain loop and against torch's own modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.settings import Sizes, WeightDrop
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import named_recipe, published_recipe
from search_spaces.rnn_cell.recurrence import fused
from search_spaces.rnn_cell.recurrence.function import Trace

TIME, BATCH, WIDTH, HIDDEN = 7, 3, 5, 6

LSTM = Recipe.from_json(
    {
        "out": {"op": "linear", "input": ["h_prev_0", "x"]},
        "out_act": {"op": "activation_sigm", "input": ["out"]},
        "new": {"op": "linear", "input": ["x", "h_prev_0"]},
        "new_act": {"op": "activation_tanh", "input": ["new"]},
        "keep": {"op": "linear", "input": ["x", "h_prev_0"]},
        "keep_act": {"op": "activation_sigm", "input": ["keep"]},
        "take": {"op": "linear", "input": ["h_prev_0", "x"]},
        "take_act": {"op": "activation_sigm", "input": ["take"]},
        "kept": {"op": "elementwise_prod", "input": ["h_prev_1", "keep_act"]},
        "taken": {"op": "elementwise_prod", "input": ["new_act", "take_act"]},
        "h_new_1": {"op": "elementwise_sum", "input": ["taken", "kept"]},
        "h_new_1_act": {"op": "activation_tanh", "input": ["h_new_1"]},
        "h_new_0": {"op": "elementwise_prod", "input": ["out_act", "h_new_1_act"]},
    }
)
EXACT = {"rnn": named_recipe("rnn"), "lstm": LSTM}


def changed(recipe: Recipe, name: str, **entry: Any) -> Recipe:
    """The recipe with another operation or other inputs of one node."""
    nodes = [n._replace(**entry) if n.name == name else n for n in recipe.nodes]
    return Recipe(tuple(nodes))


def problem(recipe: Recipe) -> tuple[RecurrentCell, Tensor, list[Tensor]]:
    generator = torch.Generator().manual_seed(0)
    cell = RecurrentCell(recipe, WIDTH, HIDDEN, generator).double()
    x = torch.randn(TIME, BATCH, WIDTH, dtype=torch.float64, generator=generator)
    states = [
        torch.randn(BATCH, HIDDEN, dtype=torch.float64, generator=generator).requires_grad_()
        for _ in range(recipe.hidden_states)
    ]
    return cell, x.requires_grad_(), states


def halved(matrix: Tensor) -> Tensor:
    return 0.5 * matrix


@pytest.mark.parametrize("drop", [None, halved, Tensor.detach])
@pytest.mark.parametrize("name", EXACT)
def test_outputs_states_and_gradients_are_those_of_the_plain_loop(name: str, drop: Any) -> None:
    cell, x, states = problem(EXACT[name])
    kernel = fused.fused_cell(cell.recipe.nodes)
    assert kernel is not None
    outputs, last = kernel.run(cell._dropped(drop), x, states)
    wanted, wanted_last = cell.unroll(x, states, drop)  # double precision: the generated loops
    needed = [x, *states, *cell.parameters()]
    found = []
    for values in ((outputs, *last), (wanted, *wanted_last)):
        total = torch.stack([(i + 1) * v.sin().sum() for i, v in enumerate(values)]).sum()
        found.append([*values, *torch.autograd.grad(total, needed, allow_unused=True)])
    for value, other in zip(*found, strict=True):
        assert (value is None) == (other is None)
        if value is not None:
            torch.testing.assert_close(value, other, rtol=1e-9, atol=1e-9)


def test_the_roles_of_the_gates_are_found_by_structure() -> None:
    found = fused.fused_cell(LSTM.nodes)
    canonical = fused.fused_cell(LSTM.canonical.nodes)
    assert found is not None and found.gates == ("take", "keep", "new", "out")
    assert canonical is not None and len(set(canonical.gates)) == 4


@pytest.mark.parametrize(
    "recipe",
    [
        named_recipe("lstm"),  # its output gate is a tanh
        named_recipe("gru"),  # resets the state before the product, torch after it
        published_recipe(1_004_203),
        changed(named_recipe("rnn"), "h_new_0", op="activation_sigm"),
        changed(LSTM, "take_act", op="activation_tanh"),
        changed(LSTM, "taken", inputs=("new_act", "keep_act")),
        changed(LSTM, "keep", inputs=("x", "h_prev_0", "h_prev_0")),
        changed(LSTM, "h_new_1_act", inputs=("taken",)),
    ],
    ids=lambda recipe: recipe.canonical_key[:8],
)
def test_other_recipes_are_not_fused(recipe: Recipe) -> None:
    assert fused.fused_cell(recipe.nodes) is None


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the recurrent kernels of torch that were called."""
    found: list[str] = []
    kernel = torch.lstm

    def counted(*arguments: Any) -> Any:
        found.append("lstm")
        return kernel(*arguments)

    monkeypatch.setattr(torch, "lstm", counted)
    yield found


def test_an_lstm_in_single_precision_runs_on_the_kernel_but_not_where_values_are_traced(
    calls: list[str],
) -> None:
    cell, x, states = problem(LSTM)
    cell, x, states = cell.float(), x.detach().float(), [state.float() for state in states]
    outputs, last = cell.unroll(x, states)
    assert calls == ["lstm"]
    trace = Trace()
    wanted, wanted_last = cell.unroll(x, states, trace=trace)
    assert calls == ["lstm"]
    assert "new_act" in trace.values
    for value, other in zip((outputs, *last), (wanted, *wanted_last), strict=True):
        torch.testing.assert_close(value, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weight_drop", ["release", "trained"])
def test_the_language_model_of_an_lstm_gives_the_same_gradients(
    weight_drop: WeightDrop, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for kernel in (True, False):
        if not kernel:
            monkeypatch.setattr(fused, "is_faster", lambda *_: False)
        model = LanguageModel(LSTM, 50, Sizes(8, 8, 2), weight_drop=weight_drop, seed=1)
        tokens = torch.arange(60).reshape(12, 5) % 50
        model.loss(model(tokens).dropped, tokens.flatten()).backward()  # type: ignore[no-untyped-call]
        found.append({name: p.grad for name, p in model.named_parameters()})
    assert len(calls) == 2
    for name, gradient in found[0].items():
        other = found[1][name]
        assert (gradient is None) == (other is None), name
        if gradient is not None:
            torch.testing.assert_close(gradient, other, rtol=1e-4, atol=1e-6)
