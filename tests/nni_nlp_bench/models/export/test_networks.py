"""Every operation of the spaces of sentences can be exported, with and without `strict`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nni_nlp_bench.data.sentences.vocabulary import PAD, UNKNOWN, Vocabulary
from nni_nlp_bench.models.export.graphs import graph_of
from nni_nlp_bench.models.export.runtimes import FORMATS
from nni_nlp_bench.models.export.writing import TOLERANCE, largest_difference
from nni_nlp_bench.models.language import LanguageModel
from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.manifest import Manifest
from nni_nlp_bench.models.network import NetworkClassifier
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.network import NetworkSpec
from nni_nlp_bench.training.models import make_model, settings_for
from search_spaces.emd_cell import EmdCell
from search_spaces.emd_cell.architecture import OPS as CELL_OPS
from search_spaces.encoder import EncoderArchitecture, EncoderLayer
from search_spaces.encoder.architecture import OPERATIONS
from search_spaces.registry import get_space
from search_spaces.rnn_cell.published import published_recipe
from search_spaces.sequences import MaskedNorm
from search_spaces.textnas import Arc, Layer
from search_spaces.textnas.architecture import OPS as TEXTNAS_OPS

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
pytestmark = pytest.mark.slow

WORDS, VECTORS, LABELS = 30, 6, ("a", "b", "c")


def networks() -> Iterator[Any]:
    """Networks that together have every operation."""
    layers = (Layer(0, op, (0,) if i == 4 else ()) for i, op in enumerate(TEXTNAS_OPS))
    arc = Arc(tuple(layers))
    for strict in (False, True):
        yield pytest.param("textnas", arc, {"width": 8, "strict": strict}, id=f"textnas {strict}")
    for first in (0, 3, 6):
        one, two, three = CELL_OPS[first : first + 3]
        cell = EmdCell((((one, 0), (two, 1)), ((three, 0), (one, 2)), ((two, 2), (three, 3))))
        options = {"width": 4, "cells": 2 if first == 6 else 1, "strict": first == 3}
        options["output"] = "addnorm" if first else "concat"
        yield pytest.param("emd_cell", cell, options, id=f"emd_cell {one} {two} {three}")
    operations = list(OPERATIONS.values())
    for number, chosen in enumerate((operations[:4], [*operations[4:], *operations[:2]])):
        encoder = EncoderArchitecture(
            (128, 256)[number],
            tuple(EncoderLayer(*each, (2, 4)[number], 512, (1, 3)[number]) for each in chosen),
        )
        yield pytest.param("encoder", encoder, {}, id=f"encoder {number}")


def drawn(model: torch.nn.Module) -> None:
    """Batch norms look as if they had been trained."""
    for module in model.modules():
        if isinstance(module, MaskedNorm):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)


def differences(model: AnyModel, folder: Path) -> list[float]:
    graph = graph_of(model)
    found = []
    for chosen in FORMATS.values():
        chosen.write(graph, folder / chosen.file)
        found.append(largest_difference(graph, chosen, folder / chosen.file))
    return found


@pytest.mark.parametrize(("space", "architecture", "options"), networks())
def test_every_operation_is_exported(
    space: str, architecture: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    spec = NetworkSpec(space, architecture, VECTORS, len(LABELS), options)
    words = Vocabulary((PAD, UNKNOWN, *(f"w{i}" for i in range(WORDS - 2))))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        matrix = np.random.default_rng(0).normal(size=(WORDS, VECTORS)).astype(np.float32)
        classifier = Classifier(Embedding(matrix, 0.0), spec())
        drawn(classifier)
    model = NetworkClassifier(Manifest("network", "a", {}, LABELS), classifier, words, 64)
    assert max(differences(model, tmp_path)) <= TOLERANCE


@pytest.mark.parametrize("recipe_id", [1_000_001, 1_007_000, 1_013_000])
def test_published_recipes_are_exported(recipe_id: int, tmp_path: Path) -> None:
    recipe = published_recipe(recipe_id)
    settings = settings_for(recipe, embedding=6, hidden=8, layers=2)
    network = make_model(recipe, WORDS, settings)
    words = ["<eos>", *(f"w{i}" for i in range(WORDS - 1))]
    model = LanguageModel(Manifest("language_model", "a", {}), network, words, 6)
    assert max(differences(model, tmp_path)) <= TOLERANCE


def test_every_kind_of_decoder_is_exported(tmp_path: Path) -> None:
    space, rng = get_space("lts"), np.random.default_rng(0)
    kinds: dict[tuple[str, bool], Any] = {}
    decoders = [space.sample(rng) for _ in range(100)]
    for decoder in sorted(decoders, key=lambda decoder: len(decoder.layers)):
        kinds.setdefault((decoder.model, decoder.div_val > 1), decoder)
    assert len(kinds) == 4
    for decoder in (kinds["gpt2", True], kinds["transformer_xl", False]):
        network = make_model(decoder, 300, settings_for(decoder, bptt=12))
        words = ["<eos>", *(f"w{i}" for i in range(299))]
        model = LanguageModel(Manifest("language_model", "a", {}), network, words, 12)
        graph, onnx = graph_of(model), FORMATS["onnx"]
        onnx.write(graph, tmp_path / onnx.file)
        assert largest_difference(graph, onnx, tmp_path / onnx.file) <= TOLERANCE
