"""Export of a model folder, compared with the model before anything is left on disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from inspect import getsourcefile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.input_files import user_path
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder
from nni_nlp_bench.data import words
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.card import model_card
from nni_nlp_bench.models.export.graph import Graph, Tensors
from nni_nlp_bench.models.export.graphs import graph_of
from nni_nlp_bench.models.export.runtimes import FORMATS, ExportError, GraphFormat
from nni_nlp_bench.models.export.usage import ABOUT, WORDS, companions, usage
from nni_nlp_bench.models.loading import AnyModel, load_model
from nni_nlp_bench.models.manifest import CARD, Manifest, model_folder, write_model

SAFETENSORS = "safetensors"
NAMES = (*FORMATS, SAFETENSORS)
TOLERANCE = 1e-4
"""Largest difference of an output, relative to the largest value of it if that is above 1."""
SHAPES = ((1, 1), (1, 7), (3, 1), (2, 5), (4, 16), (5, 2), (1, 64))
"""Batch and length of the inputs that are compared."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported model."""

    folder: Path
    files: tuple[str, ...]
    difference: float
    """Largest difference of its outputs from the model's."""


def export_model(folder: str | Path, format: str, out: str | Path) -> Exported:
    """Export a trained model, and compare what was written with the model on random inputs.

    >>> import nni_nlp_bench as nb
    >>> nb.export_model("runs/reviews", "onnx", "runs/onnx").difference   # doctest: +SKIP
    1.2e-07

    Args:
        folder: A model folder, or the output folder of a training.
        format: `onnx`, `torch-export` or `safetensors`.
        out: A new or empty folder. It gets the network, what turns texts into its inputs,
            `export.json` with its inputs and outputs, and a model card with code that uses it; for
            safetensors it is a model folder.

    Raises:
        UserError: The model cannot be loaded or exported, the exported one gives other results, or
            the folder is not empty or cannot be written. Nothing is left behind.
    """
    if format not in NAMES:
        raise UserError(f"unknown format {format!r}; known: {', '.join(NAMES)}")
    source, target = model_folder(user_path(str(folder))), user_path(str(out))
    model = load_model(source)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(f"{target} is not an empty folder: give the name of a new one")
        parent = next(path for path in target.absolute().parents if path.exists())
        remove_stale(parent)
        with scratch_folder(parent) as scratch:
            new = scratch / "export"
            new.mkdir(mode=0o755)
            graph = graph_of(model)
            if format == SAFETENSORS:
                difference = _copy_model(source, model.manifest, new, graph)
            else:
                difference = _write(source, model, graph, format, new)
            files = tuple(sorted(path.name for path in new.iterdir()))
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from None
    return Exported(target, files, difference)


def _write(source: Path, model: AnyModel, graph: Graph, name: str, new: Path) -> float:
    """Write the network and what belongs to it. Returns the largest difference."""
    chosen = FORMATS[name]
    chosen.write(graph, new / chosen.file)
    difference = largest_difference(graph, chosen, new / chosen.file)
    for file in companions(model):
        shutil.copyfile(source / file, new / file)
    if isinstance(model, TextClassifier):
        shutil.copyfile(str(getsourcefile(words)), new / WORDS)
    write_json(
        new / ABOUT, {"format": name, "file": chosen.file, **_about(model, graph, difference)}
    )
    (new / CARD).write_text(model_card(model.manifest, usage(model, graph, name)), "utf-8")
    return difference


def _copy_model(source: Path, manifest: Manifest, new: Path, graph: Graph) -> float:
    """Copy the model folder, whose weights are safetensors, and load the copy again."""

    def copy(scratch: Path) -> None:
        for file in manifest.files:
            shutil.copyfile(source / file, scratch / file)

    write_model(new, replace(manifest, versions={}, files={}), copy, model_card(manifest))
    loaded = graph_of(load_model(new))
    pairs = ((graph.reference(*inputs), loaded.reference(*inputs)) for inputs in _inputs(graph))
    with torch.no_grad():
        return max(_difference(one, two) for one, two in pairs)


def largest_difference(graph: Graph, format: GraphFormat, path: Path) -> float:
    """Return the largest difference of an exported network from the model.

    Args:
        graph: The network of the model.
        format: How it was exported.
        path: What was written.

    Raises:
        ExportError: The difference is above the tolerance, or the runtime fails.
    """
    run, largest = format.open(graph, path), 0.0
    for inputs in _inputs(graph):
        shape = tuple(inputs[0].shape)
        try:
            with torch.no_grad():
                found, expected = run(inputs), graph.reference(*inputs)
        except MemoryError:
            raise
        except Exception as error:  # the runtimes raise errors of many classes
            reason = " ".join(str(error).split())[:160]
            raise ExportError(f"the exported network fails for inputs {shape}: {reason}") from None
        largest = max(largest, _difference(found, expected))
        if not largest <= TOLERANCE:
            raise ExportError(
                f"the exported network differs by {largest:.2g} from the model for inputs {shape}"
            )
    return largest


def _inputs(graph: Graph) -> Iterator[Tensors]:
    random = torch.Generator().manual_seed(1)
    for batch, length in SHAPES:
        yield graph.draw(batch, min(length, graph.max_length or length), random)


def _difference(found: Tensors, expected: Tensors) -> float:
    """Return the largest relative difference; infinity for other shapes or NaN of one alone."""
    if [values.shape for values in found] != [values.shape for values in expected]:
        return float("inf")
    return max(map(_relative, found, expected), default=0.0)


def _relative(found: Tensor, expected: Tensor) -> float:
    found, expected = found.double(), expected.double()
    same = (found == expected) | (found.isnan() & expected.isnan())
    finite = expected[expected.isfinite()].abs()
    scale = max(1.0, finite.max().item()) if len(finite) else 1.0
    differences = torch.where(same, 0.0, (found - expected).abs() / scale)
    return float(differences.nan_to_num(torch.inf).max())


def _about(model: AnyModel, graph: Graph, difference: float) -> dict[str, Any]:
    """Return the inputs and outputs, and what turns a text into inputs."""
    inputs = graph.draw(1, 1, torch.Generator())
    lengths = (getattr(model, "max_length", None), graph.max_length)
    about: dict[str, Any] = {
        "inputs": [
            {
                "name": name,
                "type": str(values.dtype).removeprefix("torch."),
                "shape": [*axes, *values.shape[len(axes) :]],
            }
            for (name, axes), values in zip(graph.inputs.items(), inputs, strict=True)
        ],
        "outputs": list(graph.outputs),
        "max_length": min((length for length in lengths if length is not None), default=None),
        "largest_difference": difference,
        "model": model.manifest.to_dict(),
    }
    if isinstance(model, TextClassifier):
        about |= {"labels": model.labels, "padding": 0}
    for name in ("unknown", "ngrams"):
        if name in model.manifest.model:
            about[name] = model.manifest.model[name]
    return about
