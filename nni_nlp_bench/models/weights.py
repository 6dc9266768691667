"""Weights of a model folder: safetensors, which cannot hold code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.models.manifest import ModelError

WEIGHTS = "model.safetensors"
M = TypeVar("M", bound=nn.Module)
IMPOSSIBLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What building a network of values of wrong types raises."""
_DRAWS = ("normal_", "uniform_")
_SHOWN_CHARACTERS = 160


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


def load_weights(make: Callable[[], M], folder: Path) -> M:
    """Return a module with the weights of a folder.

    Raises:
        ModelError: They do not fit, or the file is damaged.
    """
    with optional_imports():
        from safetensors import SafetensorError
        from safetensors.torch import load_file

    path = folder / WEIGHTS
    check_size(make, path)
    module = make()
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"{path} does not fit the model: {reason_of(error)}") from None
    return module


def check_size(make: Callable[[], nn.Module], *files: Path) -> None:
    """Raise ModelError if a module has more weights than the files, which are not read.

    A damaged description must not take memory for a network that the files do not contain.

    Args:
        make: Makes the module; it is called on the device `meta`, where it takes no memory.
        *files: Its files.
    """
    stored = sum(map(_count, files))
    try:
        with torch.device("meta"), _WithoutDraws():
            wanted = sum(weight.numel() for weight in make().parameters())
    except IMPOSSIBLE as error:  # such as more weights than 64 bits count
        raise ModelError(f"the network of the model cannot be built: {reason_of(error)}") from None
    if wanted > stored:
        names = ", ".join(file.name for file in files)
        raise ModelError(f"the model has {wanted:,} weights, {names} only {stored:,}")


def _count(file: Path) -> int:
    """Return the number of weights in a file. Raises ModelError."""
    with optional_imports():
        from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as weights:
            shapes = [weights.get_slice(name).get_shape() for name in weights.keys()]  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file} cannot be read: {reason_of(error)}") from None
    return sum(map(prod, shapes))


def reason_of(error: Exception) -> str:
    """Return the message of an error of a library in one line."""
    return " ".join(str(error).split())[:_SHOWN_CHARACTERS] or type(error).__name__


class _WithoutDraws(TorchFunctionMode):
    """Leaves out initial weights; the first draw on the device `meta` imports for seconds."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWS:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
