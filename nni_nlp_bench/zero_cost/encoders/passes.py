"""The pass through an encoder, forth and back, that its scores share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from search_spaces.encoder import EncoderArchitecture
from search_spaces.encoder.network import EncoderNetwork, Sizes
from search_spaces.encoder.operations import Attention, split_heads
from search_spaces.encoder.published import as_scored

_PROJECTIONS = ("query", "key", "value", "weight", "input")


class Weight(NamedTuple):
    """A matrix, and the gradient with respect to it."""

    value: Tensor
    gradient: Tensor


@dataclass
class _Seen:
    """One number for each output that a hook has seen, in the order of the pass."""

    head_confidence: list[float] = field(default_factory=list)
    softmax_confidence: list[float] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)


class EncoderStatistics:
    """One encoder's network with drawn weights, on token ids (batch, length).

    The network is that of the encoder, without dropout, and gradients are those of the outputs
    along a drawn direction. `as_published` does as the code of the publication: hidden size 256,
    feed-forward networks 1,024 wide, dropout, and the gradient of the sum of all outputs. That sum
    is 0 whatever the weights, for a layer norm ends the encoder: what comes back are the errors of
    rounding, hundreds of millions of times smaller in double precision.
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
        """Of each matrix that an operation begins with: its largest output over the places of a
        text, as a mean over texts and channels."""
        return self._run[1].head_confidence

    @property
    def softmax_confidence(self) -> list[float]:
        """Of each layer: its largest share over heads, as a mean over texts and pairs of places; of
        a linear transform, of the softmax over each head's channels."""
        return self._run[1].softmax_confidence

    @property
    def alike(self) -> list[float]:
        """Of each activation: in how many channels two places of the first text have the same sign,
        summed over all pairs of places."""
        return self._run[1].alike

    @property
    def mixing(self) -> list[Weight]:
        """The matrices of all operations and of their outputs."""
        return self._weights(lambda layer: layer.mixing.named_modules())

    @property
    def heads(self) -> list[Weight]:
        """Those of all operations whose outputs are heads: not what makes kernels."""
        return self._weights(
            lambda layer: (
                (name, module)
                for name, module in layer.mixing.operation.named_modules()
                if name != "kernels"
            )
        )

    @property
    def feed_forward(self) -> list[Weight]:
        """Those of all feed-forward networks."""
        return self._weights(lambda layer: layer.feed_forward.named_modules())

    @property
    def jacobian(self) -> NDArray[np.float32]:
        """The gradient by the embeddings of places: (width of the embedding, length)."""
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

    @cached_property
    def _run(self) -> tuple[EncoderNetwork, _Seen]:
        """The network after the pass, with its gradients, and what was seen."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = EncoderNetwork(self.encoder, self.sizes).train(self.as_published)
            seen = _Seen()
            _watch(network, seen)
            outputs: Tensor = network(self.tokens)
            like = torch.ones_like if self.as_published else torch.randn_like
            torch.autograd.backward([outputs], [like(outputs)])
        return network, seen


def _watch(network: EncoderNetwork, seen: _Seen) -> None:
    for each in network.layers:
        layer: Any = each
        operation = layer.mixing.operation
        for name in _PROJECTIONS:
            projection = getattr(operation, name, None)
            if isinstance(projection, nn.Linear):
                _on_output(projection, seen.head_confidence, lambda out: out.amax(1).mean())
        if isinstance(operation, Attention):
            _on_output(operation.softmax, seen.softmax_confidence, lambda out: out.amax(1).mean())
        else:
            heads = operation.heads
            _on_output(
                operation,
                seen.softmax_confidence,
                lambda out, heads=heads: split_heads(out, heads).softmax(-1).amax(1).mean(),
            )
        _on_output(layer.feed_forward.activation, seen.alike, lambda out: _alike(out[0]))


def _on_output(module: nn.Module, into: list[float], figure: Callable[..., Tensor]) -> None:
    module.register_forward_hook(
        lambda _module, _inputs, output: into.append(figure(output.detach()).item())
    )


def _alike(values: Tensor) -> Tensor:
    """Of (places, channels): pairs of places with the same sign, summed over channels."""
    positive = (values > 0).sum(0, dtype=torch.float64)
    return (positive**2 + (len(values) - positive) ** 2).sum()
