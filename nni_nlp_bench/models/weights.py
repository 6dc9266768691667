"""Weights of a model folder: safetensors, which cannot hold code."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.models.manifest import ModelError

WEIGHTS = "model.safetensors"


def save_weights(module: nn.Module, folder: Path) -> None:
    """Write the weights of a module in single precision. Raises OSError."""
    with optional_imports():
        from safetensors import SafetensorError
        from safetensors.torch import save_file

    state = {
        name: weight.detach().cpu().contiguous() for name, weight in module.state_dict().items()
    }
    try:
        save_file(state, folder / WEIGHTS)
    except SafetensorError as error:  # such as a full disk
        raise OSError(str(error)) from None


def load_weights(module: nn.Module, folder: Path) -> None:
    """Load the weights of a module. Raises ModelError if they do not fit."""
    with optional_imports():
        from safetensors import SafetensorError
        from safetensors.torch import load_file

    path = folder / WEIGHTS
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{path} does not fit the model: {reason}") from None
