"""Number of linear regions that samples fall into (W. Chen et al., TE-NAS, ICLR 2021)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

_SIGNED = {
    *(torch.relu, torch.relu_, functional.relu, Tensor.relu, Tensor.relu_),
    *(torch.tanh, torch.tanh_, functional.tanh, Tensor.tanh, Tensor.tanh_),
}
_SIGMOIDS = {
    *(torch.sigmoid, torch.sigmoid_, functional.sigmoid, Tensor.sigmoid, Tensor.sigmoid_),
}


class RecordSigns(TorchFunctionMode):
    """Context that records on which side of its bend each activation of a forward pass is.

    For ReLU and tanh that is the sign of the input, for a sigmoid that of the input minus its
    median over the samples, as a sigmoid bends little around 0. Functions are recognized wherever
    they are called, in modules or not. The gates of a module of recurrent layers cannot be seen:
    the signs of its outputs count instead.

    Args:
        model: The network; the first dimension of all inputs of its activations is that of the
            samples.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.codes: list[Tensor] = []
        """For each activation whether each unit is on the upper side, (samples, units)."""
        self._recurrent = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
        self._handles: list[Any] = []

    def __enter__(self) -> RecordSigns:
        self._handles = [
            module.register_forward_hook(self._record_outputs) for module in self._recurrent
        ]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        for handle in self._handles:
            handle.remove()
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Record the input of an activation, then compute it."""
        if func in _SIGNED:
            self._record(args[0] > 0)
        elif func in _SIGMOIDS:
            self._record(args[0] > args[0].median(0).values)
        return func(*args, **(kwargs or {}))

    def _record(self, upper: Tensor) -> None:
        self.codes.append(upper.flatten(1))

    def _record_outputs(self, module: nn.RNNBase, _: Any, found: Any) -> None:
        outputs = found[0]
        if isinstance(outputs, PackedSequence):
            outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        elif not module.batch_first:
            outputs = outputs.transpose(0, 1)
        self._record(outputs > 0)


def linear_regions(
    model: nn.Module, run: Callable[[Tensor], Any], batches: Sequence[Tensor]
) -> int:
    """Return the number of regions that the samples of all batches fall into, at least 1.

    Args:
        model: The network.
        run: Runs it on a batch.
        batches: Inputs; statistics of a batch are those of its own samples.
    """
    rows = []
    for batch in batches:
        with torch.no_grad(), RecordSigns(model) as recorded:
            run(batch)
        rows.append([code.numpy() for code in recorded.codes])
    return count_patterns([np.concatenate(parts) for parts in zip(*rows, strict=True)])


def count_patterns(codes: Sequence[NDArray[Any]]) -> int:
    """Return the number of different rows of boolean codes (samples, units); 1 without any."""
    if not codes:
        return 1
    packed = np.packbits(np.concatenate(codes, axis=1), axis=1)
    return len({row.tobytes() for row in packed})
