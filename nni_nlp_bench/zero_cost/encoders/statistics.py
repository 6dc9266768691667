"""Statistics of an untrained encoder that zero-cost scores share: one forward-backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from nni_nlp_bench.zero_cost.transformers import matrices, module_outputs
from search_spaces.encoder import EncoderArchitecture
from search_spaces.encoder.network import EncoderNetwork, Sizes
from search_spaces.encoder.operations import Attention, split_heads
from search_spaces.encoder.parameters import num_parameters
from search_spaces.encoder.published import as_scored

_PROJECTIONS = ("query", "key", "value", "weight", "input")


class Weight(NamedTuple):
    """A matrix, and the gradient with respect to it."""

    value: Tensor
    gradient: Tensor


@dataclass
class _Recorded:
    """One value per output that a hook has recorded, in the order of the forward pass."""

    head_confidence: list[float] = field(default_factory=list)
    softmax_confidence: list[float] = field(default_factory=list)
    same_signs: list[float] = field(default_factory=list)


class EncoderStatistics:
    """Activations and gradients of a randomly initialized encoder on token ids (batch, length).

    By default there is no dropout, and the gradients are those of the outputs along a random
    direction. `as_published` reproduces the published code: hidden size 256, feed-forward width
    1,024, dropout, and the gradient of the sum of all outputs. That sum is 0 for any weights,
    because the encoder ends with a layer norm: the gradients are rounding errors, smaller by a
    factor of hundreds of millions in double precision.
    """

    def __init__(
        self,
        encoder: EncoderArchitecture,
        tokens: Tensor,
        sizes: Sizes | None = None,
        seed: int = 0,
        as_published: bool = False,
    ) -> None:
        self.encoder = as_scored(encoder) if as_published else encoder
        self.tokens = tokens
        self.sizes = sizes or Sizes()
        self.seed = seed
        self.as_published = as_published

    @property
    def head_confidence(self) -> list[float]:
        """Largest output over the positions of a text, averaged over texts and channels.

        One value per input matrix of a mixing operation.
        """
        return self._run[1].head_confidence

    @property
    def softmax_confidence(self) -> list[float]:
        """Largest attention weight over heads, averaged over texts and pairs of positions.

        One value per layer. For a linear transform, the softmax is over each head's channels.
        """
        return self._run[1].softmax_confidence

    @property
    def same_signs(self) -> list[float]:
        """Number of channels in which two positions of the first text have the same sign.

        Summed over all pairs of positions; one value per activation.
        """
        return self._run[1].same_signs

    @property
    def attention_matrices(self) -> list[Tensor]:
        """Initial matrices of all mixing operations and their output projections."""
        return matrices(layer.get_submodule("mixing") for layer in self._network.layers)

    @property
    def feed_forward_matrices(self) -> list[Tensor]:
        """Initial matrices of all feed-forward networks."""
        layers = self._network.layers
        return matrices(layer.get_submodule("feed_forward") for layer in layers)

    @cached_property
    def feed_forward_hidden(self) -> list[Tensor]:
        """Per layer, the outputs (tokens, width) of its first hidden feed-forward layer, before the
        activation and without dropout."""
        firsts = [layer.get_submodule("feed_forward.hidden.0") for layer in self._network.layers]
        return module_outputs(self._network, firsts, self.tokens)

    @property
    def num_parameters(self) -> int:
        """Number of parameters of the encoder with a vocabulary of 30,522 word pieces."""
        return num_parameters(self.encoder)

    @property
    def mixing(self) -> list[Weight]:
        """Matrices of all mixing operations and their output projections."""
        return self._weights(lambda layer: layer.mixing.named_modules())

    @property
    def heads(self) -> list[Weight]:
        """Matrices of all mixing operations that produce heads, without the kernel generators."""
        return self._weights(
            lambda layer: (
                (name, module)
                for name, module in layer.mixing.operation.named_modules()
                if name != "kernels"
            )
        )

    @property
    def feed_forward(self) -> list[Weight]:
        """Matrices of all feed-forward networks."""
        return self._weights(lambda layer: layer.feed_forward.named_modules())

    @property
    def jacobian(self) -> NDArray[np.float32]:
        """Gradient with respect to the position embeddings, (embedding width, length)."""
        positions: Any = self._run[0].embeddings.positions
        gradient: Tensor = positions.position_embeddings.weight.grad
        return np.asarray(gradient[: self.tokens.shape[1]].t().numpy())

    def _weights(self, modules: Callable[[Any], Iterator[tuple[str, nn.Module]]]) -> list[Weight]:
        return [
            Weight(module.weight.detach(), module.weight.grad)
            for layer in self._run[0].layers
            for _, module in modules(layer)
            if isinstance(module, nn.Linear) and module.weight.grad is not None
        ]

    @property
    def _network(self) -> EncoderNetwork:
        return self._built[0]

    @cached_property
    def _built(self) -> tuple[EncoderNetwork, Tensor]:
        """The initial network, and the state of torch's generator after it was built."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return EncoderNetwork(self.encoder, self.sizes), torch.get_rng_state()

    @cached_property
    def _run(self) -> tuple[EncoderNetwork, _Recorded]:
        """The network after the backward pass, and the recorded values."""
        network, state = self._built
        recorded = _Recorded()
        hooks = _record_outputs(network, recorded)
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            outputs: Tensor = network.train(self.as_published)(self.tokens)
            like = torch.ones_like if self.as_published else torch.randn_like
            torch.autograd.backward([outputs], [like(outputs)])
        for hook in hooks:
            hook.remove()
        return network, recorded


def _record_outputs(network: EncoderNetwork, recorded: _Recorded) -> list[RemovableHandle]:
    hooks: list[RemovableHandle] = []

    def on_output(module: nn.Module, values: list[float], reduce: Callable[..., Tensor]) -> None:
        hooks.append(
            module.register_forward_hook(
                lambda _module, _inputs, output: values.append(reduce(output.detach()).item())
            )
        )

    for each in network.layers:
        layer: Any = each
        operation = layer.mixing.operation
        for name in _PROJECTIONS:
            projection = getattr(operation, name, None)
            if isinstance(projection, nn.Linear):
                on_output(projection, recorded.head_confidence, lambda out: out.amax(1).mean())
        if isinstance(operation, Attention):
            on_output(
                operation.softmax, recorded.softmax_confidence, lambda out: out.amax(1).mean()
            )
        else:
            heads = operation.heads
            on_output(
                operation,
                recorded.softmax_confidence,
                lambda out, heads=heads: split_heads(out, heads).softmax(-1).amax(1).mean(),
            )
        on_output(
            layer.feed_forward.activation, recorded.same_signs, lambda out: _same_signs(out[0])
        )
    return hooks


def _same_signs(values: Tensor) -> Tensor:
    """Pairs of positions with the same sign, summed over channels of (positions, channels)."""
    positive = (values > 0).sum(0, dtype=torch.float64)
    return (positive**2 + (len(values) - positive) ** 2).sum()
