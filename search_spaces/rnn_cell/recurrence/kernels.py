"""The operations of one step, chosen by device, precision and size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search_spaces import onednn


@dataclass(frozen=True, slots=True)
class Kernels:
    """The operations that a generated loop calls."""

    addmm: Callable[[Tensor, Tensor, Tensor], Any]
    """(total, a, b): adds the product a b to the total."""
    mm: Callable[[Tensor, Tensor], Tensor]
    tanh: Callable[..., Any]
    """(z, out): NumPy's on the CPU, where torch's takes six times as long on some processors."""
    host: bool
    """Whether `tanh` takes arrays of NumPy."""
    packed: bool = False
    """Whether the second matrix of many products is one that `pack` returned."""

    @classmethod
    def of(cls, state: Tensor) -> Kernels:
        """Return the operations for states (batch, hidden)."""
        host = state.device.type == "cpu" and state.dtype in (torch.float32, torch.float64)
        tanh: Callable[..., Any] = np.tanh if host else torch.tanh
        if onednn.is_faster(state, state.shape[-1]):
            return cls(_add_onednn, _packed_onednn, tanh, host, packed=True)
        return cls(torch.Tensor.addmm_, torch.mm, tanh, host)

    def pack(self, matrix: Tensor) -> Tensor:
        """Return a matrix (inner, columns) as the second one of many products."""
        if not self.packed:
            return matrix.contiguous()
        weight = matrix.t()
        if not weight.is_contiguous():
            return weight
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
        return packed


def _packed_onednn(a: Tensor, packed: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(a, packed, None, "none", [], "")
    return product


def _add_onednn(total: Tensor, a: Tensor, packed: Tensor) -> Tensor:
    return total.add_(_packed_onednn(a, packed))
