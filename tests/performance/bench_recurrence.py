"""The fast recurrence against the release's way of computing and `torch.nn.LSTM`.

One thread, forward and backward: `python tests/performance/bench_recurrence.py`. The two sides take
turns, and the fastest of their passes count, in CPU time, which other processes change less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from nni_nlp_bench.training.memory import disable_malloc_trim
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import NAMED, named_recipe, published_recipe

Outputs = Callable[[], Tensor]
BATCH = 20
SIZES = {"paper size": (70, 400, 600, 3, 1.8), "small size": (35, 64, 64, 40, 4.0)}
"""Steps, width of the inputs, width of the states, passes, and the ratio to reach."""
LSTM_LIMIT = 1.02
"""Most times as long as torch's LSTM that an LSTM may take."""
IDS = range(1_000_003, 1_014_003, 700)


def step_by_step(cell: RecurrentCell, inputs: Tensor) -> Tensor:
    """As the release does: every node of every step through autograd."""
    states, outputs = cell.zero_states(inputs), []
    for step in inputs.unbind():
        states = cell(step, states)
        outputs.append(states[0].clone())
    return torch.stack(outputs)


def fastest(sides: Sequence[tuple[torch.nn.Module, Outputs]], passes: int) -> list[float]:
    """CPU seconds of the fastest forward and backward pass of each side."""
    best = [float("inf")] * len(sides)
    for _ in range(passes):
        for i, (module, outputs) in enumerate(sides):
            module.zero_grad()
            started = time.process_time()
            values = outputs()
            values.backward(torch.ones_like(values))  # type: ignore[no-untyped-call]
            best[i] = min(best[i], time.process_time() - started)
    return best


def ratio(recipe: Recipe, steps: int, width: int, hidden: int, passes: int) -> float:
    """How many times as fast the fast way is."""
    cell = RecurrentCell(recipe, width, hidden, torch.Generator().manual_seed(0))
    inputs = torch.randn(steps, BATCH, width).requires_grad_()
    plain, fast = fastest(
        [(cell, lambda: step_by_step(cell, inputs)), (cell, lambda: cell.unroll(inputs)[0])], passes
    )
    return plain / fast


def torchs_lstm() -> Recipe:
    """The LSTM with a sigmoid at the output gate, as in torch; the release has a tanh there."""
    nodes = [
        node._replace(op="activation_sigm") if node.name == "o_act" else node
        for node in named_recipe("lstm").nodes
    ]
    return Recipe(tuple(nodes))


def against_torch(recipe: Recipe, steps: int, width: int, hidden: int, passes: int) -> float:
    """Time of a recipe by that of torch's LSTM of the same size."""
    cell = RecurrentCell(recipe, width, hidden, torch.Generator().manual_seed(0))
    torchs = torch.nn.LSTM(width, hidden)
    inputs = torch.randn(steps, BATCH, width).requires_grad_()
    ours, theirs = fastest(
        [(cell, lambda: cell.unroll(inputs)[0]), (torchs, lambda: torchs(inputs)[0])], 2 * passes
    )
    return ours / theirs


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    disable_malloc_trim()
    recipes = {name: named_recipe(name) for name in NAMED}
    recipes |= {str(i): published_recipe(i) for i in IDS}
    for label, (steps, width, hidden, passes, limit) in SIZES.items():
        ratios = {
            name: ratio(recipe, steps, width, hidden, passes) for name, recipe in recipes.items()
        }
        mean = float(np.exp(np.mean(np.log(list(ratios.values())))))
        named = ", ".join(f"{name} {ratios[name]:.2f}" for name in NAMED)
        print(f"{label}: {mean:.2f} times the release's way (at least {limit}); {named}; ", end="")
        print(f"{len(ratios)} cells, lowest {min(ratios.values()):.2f}")
        for name, recipe in (("named LSTM", recipes["lstm"]), ("exact LSTM", torchs_lstm())):
            time_ratio = against_torch(recipe, steps, width, hidden, passes)
            print(
                f"{label}: the {name} takes {time_ratio:.2f} times as long as torch.nn.LSTM", end=""
            )
            print(f" (at most {LSTM_LIMIT})")


if __name__ == "__main__":
    main()
