"""Inputs of the activations of sentence classifiers, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import pad_packed_sequence
from torch.utils.hooks import RemovableHandle

from search_spaces.emd_cell.ops import Separable
from search_spaces.textnas.ops import BidirectionalGru, Convolution, SelfAttention


@contextmanager
def record_activations(network: nn.Module, length: int) -> Iterator[list[Tensor]]:
    """Context that records the input of each activation in a forward pass.

    Recorded are the inputs of each ReLU: of the convolutions of both spaces, and of query, key and
    value of self-attention. Of a GRU it is the outputs in both directions, since torch does not
    show its gates. Pools and skips have no activation.

    Args:
        network: A network of textnas or emd_cell.
        length: Length of the sequences of the pass.

    Yields:
        A list that the pass fills, each (batch, length, channels). What it has at padding is
        without meaning.
    """
    found: list[Tensor] = []

    def record(channels_last: Callable[[Any], Tensor]) -> Callable[..., None]:
        return lambda _module, _inputs, outputs: found.append(channels_last(outputs).detach())

    def unpacked(outputs: Any) -> Tensor:
        values, _ = pad_packed_sequence(outputs[0], batch_first=True, total_length=length)
        return values

    handles: list[RemovableHandle] = []
    for module in network.modules():
        if isinstance(module, Convolution):
            handles.append(module.norm.register_forward_hook(record(_channels_last)))
        elif isinstance(module, SelfAttention):
            for part in (module.query, module.key, module.value):
                handles.append(part.register_forward_hook(record(lambda outputs: outputs)))
        elif isinstance(module, BidirectionalGru):
            handles.append(module.gru.register_forward_hook(record(unpacked)))
        elif isinstance(module, Separable):
            handles.append(
                module.register_forward_pre_hook(
                    lambda _module, inputs: found.append(_channels_last(inputs[0]).detach())
                )
            )
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _channels_last(values: Tensor) -> Tensor:
    """(batch, channels, length) to (batch, length, channels)."""
    return values.transpose(1, 2)
