"""Statistics of an untrained network that zero-cost scores share, computed on first access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nni_nlp_bench.training.language_model import LanguageModel
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import LinearMap, RecurrentCell
from search_spaces.rnn_cell.recurrence.function import Trace

Matrix = NDArray[np.float32]
NOISES = (0.1, 10.0, 100.0)
"""Amplitudes of the noise of the noised Jacobians."""


class Saliency(NamedTuple):
    """A parameter, and the gradient of half the squared outputs with respect to it."""

    weight: Tensor
    gradient: Tensor


class NetworkStatistics:
    """Activations and gradients of a language model on one window of tokens.

    The model runs in evaluation mode from zero states. It is built when a score first needs it.
    The outputs are those of the last recurrent layer: the decoder is not applied.

    Args:
        recipe: The cell.
        build: Makes the language model.
        tokens: Token ids, (time, batch).
        seed: Seed of the noise of `noised_jacobians`.
    """

    def __init__(
        self, recipe: Recipe, build: Callable[[], LanguageModel], tokens: Tensor, seed: int = 0
    ) -> None:
        self.recipe = recipe
        self.tokens = tokens
        self.seed = seed
        self._build = build

    @classmethod
    def through(cls, model: LanguageModel, tokens: Tensor, seed: int = 0) -> NetworkStatistics:
        """Return the statistics of a model that is already built."""
        recipe = cast(RecurrentCell, model.layers[0]).recipe
        return cls(recipe, lambda: model, tokens, seed)

    @cached_property
    def model(self) -> LanguageModel:
        """The model, in evaluation mode."""
        return self._build().eval()

    @cached_property
    def _traces(self) -> list[Trace]:
        return [Trace() for _ in self.model.layers]

    @cached_property
    def _embedded(self) -> Tensor:
        return self.model.embed(self.tokens)

    @cached_property
    def outputs(self) -> Tensor:
        """Outputs (time, batch, width), with their autograd graph."""
        return self.model.run(self._embedded, None, self._traces).raw

    @property
    def kernel_outputs(self) -> Sequence[Tensor]:
        """Outputs (time, width) of each sequence, with their autograd graph."""
        return self.outputs.unbind(1)

    @property
    def kernel_parameters(self) -> list[nn.Parameter]:
        """Parameters of the recurrent layers."""
        return [weight for weight in self.model.layers.parameters() if weight.requires_grad]

    @property
    def traces(self) -> list[dict[str, Tensor]]:
        """Values (time, batch, hidden) of activations and previous states by name, per layer."""
        _ = self.outputs
        return [
            {name: value.detach() for name, value in trace.values.items()} for trace in self._traces
        ]

    @property
    def jacobian(self) -> Matrix:
        """Gradient of the summed outputs with respect to the embedded tokens.

        Shape (batch, time * embedding).
        """
        return self._gradients_of_sum[0]

    @property
    def state_gradients(self) -> list[Tensor]:
        """Gradient (time, batch, hidden) of the summed outputs w.r.t. the new states, per layer."""
        return self._gradients_of_sum[1]

    @cached_property
    def _gradients_of_sum(self) -> tuple[Matrix, list[Tensor]]:
        outputs = self.outputs
        ones = torch.ones_like(outputs)
        (gradient,) = torch.autograd.grad(outputs, self._embedded, ones, retain_graph=True)
        states = [cast(Tensor, trace.state_gradient) for trace in self._traces]
        return _by_sequence(gradient), states

    @cached_property
    def noised_jacobians(self) -> list[Matrix]:
        """Jacobians with noise added to the embedded tokens, one per amplitude of `NOISES`.

        The noise is normal, scaled by the variance over the batch.
        """
        clean = self._embedded.detach().numpy()
        noise = np.random.RandomState(self.seed).normal(size=clean.shape)
        spread = clean.var(axis=1, keepdims=True)
        noised = np.concatenate([clean + a * spread * noise for a in NOISES], axis=1)
        inputs = torch.from_numpy(noised).float().requires_grad_()
        outputs = self.model.run(inputs).raw
        (gradient,) = torch.autograd.grad(outputs, inputs, torch.ones_like(outputs))
        return [_by_sequence(part) for part in gradient.chunk(len(NOISES), dim=1)]

    @cached_property
    def saliencies(self) -> list[Saliency]:
        """Saliency of the embedding and of all matrices of linear maps but the first of each."""
        weights: list[Tensor] = [self.model.embedding]
        for layer in self.model.layers:
            for linear in cast(RecurrentCell, layer).maps:
                weights += list(cast(LinearMap, linear).matrices)[1:]
        return saliencies_of(self.outputs, weights)


def saliencies_of(outputs: Tensor, weights: Sequence[Tensor]) -> list[Saliency]:
    """Return the saliency of each weight that outputs depend on, in the direction of the outputs.

    Args:
        outputs: Outputs of a network, with their autograd graph, which is kept.
        weights: Weights of the network.
    """
    gradients = torch.autograd.grad(
        outputs, weights, outputs.detach(), retain_graph=True, allow_unused=True
    )
    return [
        Saliency(weight.detach(), gradient)
        for weight, gradient in zip(weights, gradients, strict=True)
        if gradient is not None
    ]


def _by_sequence(gradient: Tensor) -> Matrix:
    """(time, batch, width) -> (batch, time * width)."""
    return cast(Matrix, gradient.transpose(0, 1).flatten(1).numpy())
