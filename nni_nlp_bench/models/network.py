"""Classifiers of search spaces and baseline networks as model folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nni_nlp_bench.core.limits import MAX_LAYERS, MAX_WIDTH
from nni_nlp_bench.data.sentences.vocabulary import Numbering, Vocabulary
from nni_nlp_bench.distillation.tokens import Tokens
from nni_nlp_bench.models.base import ParameterCount, TextClassifier
from nni_nlp_bench.models.manifest import (
    MANIFEST,
    Manifest,
    ModelError,
    required,
    required_count,
)
from nni_nlp_bench.models.weights import IMPOSSIBLE, load_weights, reason_of, save_weights
from nni_nlp_bench.models.word_pieces import TOKENIZER, WordPieces
from nni_nlp_bench.training.classification.batches import Batch, padded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.network import NetworkSpec

VOCABULARY = "vocabulary.txt"
WORDS, PIECES = "words", "word_pieces"


class NetworkClassifier(TextClassifier):
    """A network of a search space, or a baseline network, with its word vectors.

    Attributes:
        model: Embedding and network, in evaluation mode.
        vocabulary: Words or tokens by id.
        max_length: Words or tokens of a text that are read.
    """

    def __init__(
        self, manifest: Manifest, model: Classifier, vocabulary: Numbering, max_length: int
    ) -> None:
        super().__init__(manifest)
        self.model = model.eval()
        self.vocabulary = vocabulary
        self.max_length = max_length

    @classmethod
    def load(cls, folder: Path, manifest: Manifest) -> Self:
        """Load the model of a folder. Raises UserError."""
        network, reads = required(manifest.model, ("network", "reads"))
        max_length = required_count(manifest.model, "max_length")
        spec = _spec(network, len(manifest.labels or ()))
        vocabulary: Numbering
        if reads == WORDS:
            vocabulary = Vocabulary.load(folder / VOCABULARY)
        elif reads == PIECES:
            vocabulary = WordPieces.load(folder, VOCABULARY, manifest.model.get("unknown"))
        else:
            raise ModelError(f"{MANIFEST}: a network reads {WORDS} or {PIECES}, not {reads!r}")
        model = load_weights(lambda: _model(spec, len(vocabulary)), folder)
        return cls(manifest, model, vocabulary, max_length)

    def count_parameters(self) -> ParameterCount:
        """Return the number of parameters."""
        total = sum(weight.numel() for weight in self.model.parameters())
        return ParameterCount(total, self.model.embedding.weight.numel())

    def probabilities_of(self, words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), for one batch of words."""
        numbers = self.vocabulary.numbers(words, self.max_length)
        # A max pooling reads the padding after a text: it must not depend on the other texts.
        ids = padded(numbers, min(max(map(len, numbers)) + 1, self.max_length))
        unused = torch.zeros(len(ids), dtype=torch.int64)
        with torch.inference_mode():
            logits = self.model(Batch(ids, unused, unused))
        found: NDArray[np.float64] = logits.double().softmax(1).numpy()
        return found


def _spec(network: Mapping[str, Any], labels: int) -> NetworkSpec:
    """Return the network of a classifier with that many labels. Raises UserError."""
    try:
        spec = NetworkSpec.from_dict(network)
    except IMPOSSIBLE as error:
        raise ModelError(f"the network of the model cannot be built: {reason_of(error)}") from None
    if spec.classes != labels:
        raise ModelError(f"{MANIFEST} has {labels} labels, its network {spec.classes}")
    for name, size in spec.options.items():
        largest = MAX_LAYERS if name == "cells" else MAX_WIDTH
        if isinstance(size, int) and size > largest:
            raise ModelError(f"{MANIFEST}: {name} must be at most {largest:,}, got {size}")
    return spec


def _model(spec: NetworkSpec, words: int) -> Classifier:
    """Return the model, without its weights."""
    embedding = Embedding(np.zeros((0, 0), dtype=np.float32), dropout=0.0)
    embedding.weight = nn.Parameter(torch.empty(words, spec.vectors))
    return Classifier(embedding, spec())


def describe_network(
    network: NetworkSpec, vocabulary: Numbering, max_length: int
) -> dict[str, Any]:
    """Return what `NetworkClassifier.load` needs beside the files."""
    described = {"network": network.to_dict(), "max_length": max_length, "reads": WORDS}
    if isinstance(vocabulary, Tokens):
        teacher = vocabulary.teacher
        most, unknown = min(max_length, teacher.max_length), teacher.tokenizer.unk_token
        return {**described, "max_length": most, "reads": PIECES, "unknown": unknown}
    return described


def write_network(folder: Path, model: Classifier, vocabulary: Numbering) -> None:
    """Write weights and vocabulary of a classifier into a folder. Raises OSError."""
    save_weights(Classifier(model.embedding, model.network), folder)
    vocabulary.save(folder / VOCABULARY)
    if isinstance(vocabulary, Tokens):
        text = vocabulary.teacher.tokenizer.backend_tokenizer.to_str(pretty=True)
        (folder / TOKENIZER).write_text(text, "utf-8")
