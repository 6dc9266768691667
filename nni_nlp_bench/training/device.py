"""The device of a training."""

from __future__ import annotations

import torch

from nni_nlp_bench.core.environment import physical_memory
from nni_nlp_bench.core.errors import UserError

BYTES_PER_PARAMETER = 16
"""Weight, gradient and two moments of Adam, in float32."""


def check_memory(parameters: int, device: str) -> None:
    """Raise UserError if a network and its optimizer cannot fit into the memory of this machine."""
    needed, present = BYTES_PER_PARAMETER * parameters, physical_memory()
    if device.partition(":")[0] == "cpu" and needed > present:
        raise UserError(
            f"the network has {parameters:,} parameters, whose training takes "
            f"{needed / 2**30:,.0f} GiB of memory, this machine has {present / 2**30:,.0f}: "
            "choose smaller widths"
        )


def usable_device(name: str) -> torch.device:
    """Return the torch device of that name. Raises UserError if it cannot be used."""
    try:
        device = torch.device(name)
        if device.type == "meta":
            raise RuntimeError("it has no memory")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA raises AssertionError
        reason = str(error).partition("\n")[0]
        raise UserError(f"device {name!r} cannot be used: {reason}") from None
    return device
