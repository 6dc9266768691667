"""Formats of exported networks: how they are written, and how their runtimes run them."""

from __future__ import annotations

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.models.export.graph import BATCH, LENGTH, Graph, Tensors
from nni_nlp_bench.models.manifest import ModelError

EXAMPLE = (2, 5)
"""Batch and length of the traced example: neither is 1, whose axes would be fixed."""
Runtime = Callable[[Tensors], Tensors]


class ExportError(ModelError):
    """A model cannot be exported, or the exported one gives other results."""


class GraphFormat(ABC):
    """A format of networks that a runtime reads without this package."""

    file: str
    """Name of the file."""

    @abstractmethod
    def write(self, graph: Graph, path: Path) -> None:
        """Write a network. Raises ExportError or OSError."""

    @abstractmethod
    def open(self, graph: Graph, path: Path) -> Runtime:
        """Return a function that runs a written network."""


class TorchExport(GraphFormat):
    """`torch.export`: a graph of torch's operators, which needs torch but no source code."""

    file = "model.pt2"

    def write(self, graph: Graph, path: Path) -> None:
        """Write a network. Raises ExportError or OSError."""
        program = _traced(graph)
        try:
            torch.export.save(program, path)
        except RuntimeError as error:  # such as a full disk
            raise OSError(_reason(error)) from None

    def open(self, graph: Graph, path: Path) -> Runtime:
        """Return a function that runs a written network."""
        with _quiet():
            module = torch.export.load(path).module()

        def run(inputs: Tensors) -> Tensors:
            return _tuple(module(*inputs))

        return run


class Onnx(GraphFormat):
    """ONNX, which onnxruntime and others run without torch."""

    file = "model.onnx"

    def write(self, graph: Graph, path: Path) -> None:
        """Write a network. Raises ExportError or OSError."""
        with optional_imports():
            import onnx  # noqa: F401
            import onnxscript  # noqa: F401
        program = _traced(graph)
        try:
            with _quiet():
                written = torch.onnx.export(
                    program,
                    dynamo=True,
                    verbose=False,
                    input_names=list(graph.inputs),
                    output_names=list(graph.outputs),
                    dynamic_shapes=_axes(graph),
                )
        except (OSError, MemoryError):
            raise
        except Exception as error:  # of many classes
            raise ExportError(f"no ONNX for the model's network: {_reason(error)}") from None
        assert written is not None
        written.save(path)

    def open(self, graph: Graph, path: Path) -> Runtime:
        """Return a function that runs a written network."""
        with optional_imports():
            import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

        def run(inputs: Tensors) -> Tensors:
            named = dict(zip(graph.inputs, (values.numpy() for values in inputs), strict=True))
            return tuple(map(torch.from_numpy, session.run(None, named)))

        return run


FORMATS: Mapping[str, GraphFormat] = {"onnx": Onnx(), "torch-export": TorchExport()}
"""Formats by name."""


class _Positional(nn.Module):
    """A network whose inputs are all variadic, so that one description of their axes fits all."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        return self.module(*inputs)


def _traced(graph: Graph) -> torch.export.ExportedProgram:
    """Return the graph of a network, with free batch and length. Raises ExportError."""
    example = graph.draw(*EXAMPLE, torch.Generator().manual_seed(0))
    module = _Positional(graph.module)
    try:
        with _quiet():
            return torch.export.export(module, example, dynamic_shapes=_axes(graph), strict=False)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # of many classes
        raise ExportError(f"the model's network cannot be traced: {_reason(error)}") from None


def _axes(graph: Graph) -> Any:
    """Return the free axes of the inputs, as `torch.export` and its ONNX exporter take them."""
    dims = {
        BATCH: torch.export.Dim(BATCH, min=1),
        LENGTH: torch.export.Dim(LENGTH, min=1, max=graph.max_length),
    }
    of_inputs = ({i: dims[axis] for i, axis in enumerate(axes)} for axes in graph.inputs.values())
    return (tuple(of_inputs),)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the warnings and logs of torch's exporters, without gradients."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _tuple(found: Tensor | Tensors | list[Tensor]) -> Tensors:
    return (found,) if isinstance(found, Tensor) else tuple(found)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
