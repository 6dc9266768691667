"""A bidirectional GRU without packed sequences, for networks that are exported."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def scanned_gru(gru: nn.GRU, rows: Tensor, padding: Tensor) -> Tensor:
    """Return the outputs (batch, length, 2 * width) of a bidirectional GRU, 0 at padding.

    `torch.export` unrolls torch's own GRU to the length of the example, and exported formats have
    no packed sequences: a scan is a loop of any length.

    Args:
        gru: One layer, batch first.
        rows: Inputs (batch, length, inputs).
        padding: True at padding, (batch, length).
    """
    forwards = _scanned(gru, "l0", rows, padding)
    backwards = _scanned(gru, "l0_reverse", rows.flip(1), padding.flip(1)).flip(1)
    return torch.cat([forwards, backwards], -1).masked_fill(padding[..., None], 0)


def _scanned(gru: nn.GRU, suffix: str, rows: Tensor, padding: Tensor) -> Tensor:
    """Return the outputs (batch, length, width) of one direction; padding keeps the state."""
    from torch._higher_order_ops.scan import scan

    input_weight, weight, input_bias, bias = (
        getattr(gru, f"{name}_{suffix}")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )

    def step(state: Tensor, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        projected, is_padding = inputs
        reset, update, candidate = projected.chunk(3, -1)
        of_reset, of_update, of_candidate = functional.linear(state, weight, bias).chunk(3, -1)
        new = torch.tanh(candidate + torch.sigmoid(reset + of_reset) * of_candidate)
        kept = torch.sigmoid(update + of_update)
        state = torch.where(is_padding, state, new + kept * (state - new))
        return state, state.clone()  # outputs must not be aliases

    projected = functional.linear(rows, input_weight, input_bias).transpose(0, 1)
    start = rows.new_zeros(rows.shape[0], gru.hidden_size)
    found: Any = scan(step, start, (projected, padding.t()[..., None]))
    outputs: Tensor = found[1]
    return outputs.transpose(0, 1)
