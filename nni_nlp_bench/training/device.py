"""The device of a training."""

from __future__ import annotations

import torch

from nni_nlp_bench.core.errors import UserError


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
