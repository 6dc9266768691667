"""Training-free scores by shared passes against one pass a score.

One thread: `python tests/performance/bench_scores.py`. The other side computes each score as its
publication does: a pass of its own, every node of every step through autograd, gradients of all
weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.training.settings import Sizes
from nni_nlp_bench.zero_cost.base import SCORES
from nni_nlp_bench.zero_cost.spectra import cosine_score, spectrum_score
from nni_nlp_bench.zero_cost.statistics import NOISES, NetworkStatistics
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import named_recipe, published_recipe

WORDS = 10_000
NAMES = (
    "layer1_hidden_covariance",
    "layer2_hidden_covariance",
    "layer3_hidden_covariance",
    "activation_distance",
    "jacobian_covariance",
    "jacobian_cosine",
    "large_noise_jacobian",
    "large_noise_jacobian_cosine",
    "more_noised_jacobian",
    "more_noised_jacobian_cosine",
    "synaptic_saliency",
    "hidden_synaptic_saliency",
)
SIZES = {
    "paper size": (Sizes(), 70, 50, [1_007_500]),
    "small size": (Sizes(64, 64, 1), 35, 20, [1_000_500, 1_001_500, 1_007_500, 1_012_500]),
}


class PlainPass:
    """One forward and one backward pass, step by step and node by node."""

    def __init__(self, model: LanguageModel, embedded: Tensor) -> None:
        model.zero_grad()
        self.embedded = embedded
        self.embedded.retain_grad()
        self.states: list[list[Tensor]] = []
        value = self.embedded
        for layer in model.layers:
            value = self._layer(layer, value)
        self.outputs = value

    def _layer(self, layer: torch.nn.Module, value: Tensor) -> Tensor:
        assert isinstance(layer, RecurrentCell)
        states, seen, outputs = layer.zero_states(value), [], []
        for step in value.unbind():
            seen.append(states[0])
            states = layer(step, states)
            states[0].retain_grad()
            outputs.append(states[0].clone())
        self.states.append(seen)
        return torch.stack(outputs)

    def backward(self, gradient: Tensor) -> None:
        """Gradients of everything."""
        self.outputs.backward(gradient)  # type: ignore[no-untyped-call]


def one_by_one(model: LanguageModel, tokens: Tensor) -> None:
    """All scores, each with the passes that it needs."""
    for layer in range(len(model.layers)):
        run = PlainPass(model, model.embed(tokens))
        states = torch.stack(run.states[layer]).detach()
        spectrum_score(states.permute(2, 1, 0).flatten(1).numpy())
    codes(model, tokens)
    for figure in (spectrum_score, cosine_score):
        jacobian(model, model.embed(tokens), figure)
        for noises in ((10.0,), NOISES):
            jacobian(model, model.embed(tokens), figure)
            for amplitude in noises:
                jacobian(model, noised(model, tokens, amplitude), figure)
    run = PlainPass(model, model.embed(tokens))
    run.backward(run.outputs.detach())
    for parameter in model.parameters():
        if parameter.grad is not None:
            (parameter * parameter.grad).abs().sum().item()
    run = PlainPass(model, model.embed(tokens))
    run.backward(torch.ones_like(run.outputs))
    for layer_states in run.states:
        for state in layer_states[1:]:
            assert state.grad is not None
            (state * state.grad).abs().sum().item()


def jacobian(model: LanguageModel, embedded: Tensor, figure: Callable[..., float]) -> None:
    """A figure of the Jacobian's rows."""
    run = PlainPass(model, embedded)
    run.backward(torch.ones_like(run.outputs))
    assert run.embedded.grad is not None
    figure(run.embedded.grad.transpose(0, 1).flatten(1).numpy())


def noised(model: LanguageModel, tokens: Tensor, amplitude: float) -> Tensor:
    """Embedded tokens with noise in proportion to their variance over the batch."""
    clean = model.embed(tokens).detach()
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return (clean + amplitude * clean.var(1, keepdim=True) * noise).requires_grad_()


def codes(model: LanguageModel, tokens: Tensor) -> None:
    """Activation distance: a product of codes for every activation, layer and step."""
    batch = tokens.shape[1]
    kernel = np.zeros((batch, batch))

    def hook(value: Tensor) -> None:
        nonlocal kernel
        code = (value > 0).float()
        kernel = kernel + (code @ code.t()).numpy() + ((1 - code) @ (1 - code).t()).numpy()

    for trace in NetworkStatistics.through(model, tokens).traces:
        for name, values in trace.items():
            if not name.startswith("h_prev_"):
                for value in values:
                    hook(value)
    np.linalg.slogdet(kernel)


def seconds(work: Callable[[], object]) -> float:
    """The faster of two runs."""
    times = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print the ratios, and the throughput."""
    torch.set_num_threads(1)
    disable_malloc_trim()
    for label, (sizes, steps, batch, ids) in SIZES.items():
        tokens = torch.randint(WORDS, (steps, batch), generator=torch.Generator().manual_seed(0))
        ratios, ours = [], []
        for recipe in [named_recipe("lstm"), *map(published_recipe, ids)]:
            model = LanguageModel(recipe, WORDS, sizes, weight_drop="trained").eval()
            shared = seconds(lambda: of_all(recipe, model, tokens))  # noqa: B023
            ratios.append(seconds(lambda: one_by_one(model, tokens)) / shared)  # noqa: B023
            ours.append(shared)
        mean = float(np.exp(np.mean(np.log(ratios))))
        print(f"{label}: {mean:.1f} times as fast as a pass a score (at least 5); ", end="")
        print(f"{np.mean(ours):.2f} s for {len(NAMES)} scores of a cell")


def of_all(recipe: Recipe, model: LanguageModel, tokens: Tensor) -> list[float]:
    """All scores from shared passes."""
    passes = NetworkStatistics(recipe, lambda: model, tokens)
    return [SCORES.get(name).of(passes) for name in NAMES]


if __name__ == "__main__":
    main()
