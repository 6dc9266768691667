"""TF-IDF with logistic regression as a model folder; needs no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.core.input_files import read_text
from nni_nlp_bench.models.base import ParameterCount, TextClassifier
from nni_nlp_bench.models.manifest import MANIFEST, Manifest, ModelError, required_count
from nni_nlp_bench.training.linear import LinearClassifier

WEIGHTS, TERMS = "model.safetensors", "terms.txt"
_ARRAYS = ("idf", "weights", "bias")


class TfidfClassifier(TextClassifier):
    """Logistic regression on TF-IDF weighted words and bigrams.

    Attributes:
        model: The terms, their weights and the bias.
    """

    def __init__(self, manifest: Manifest, model: LinearClassifier) -> None:
        super().__init__(manifest)
        self.model = model

    @classmethod
    def load(cls, folder: Path, manifest: Manifest) -> Self:
        """Load the model of a folder. Raises ModelError."""
        with optional_imports():
            from safetensors import SafetensorError
            from safetensors.numpy import load_file
        ngrams = required_count(manifest.model, "ngrams")
        terms = read_text(folder / TERMS, error=ModelError, encoding="utf-8").split("\n")[:-1]
        path = folder / WEIGHTS
        try:
            arrays = load_file(path)
            model = LinearClassifier(tuple(terms), ngrams, *(arrays[name] for name in _ARRAYS))
        except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:160]
            raise ModelError(f"{path} does not fit the model: {reason}") from None
        if (count := max(2, len(model.bias))) != len(manifest.labels or ()):
            raise ModelError(f"{path} has weights of {count} labels, {MANIFEST} names others")
        return cls(manifest, model)

    def count_parameters(self) -> ParameterCount:
        """Return the number of weights and biases."""
        return ParameterCount(self.model.parameters, 0)

    def probabilities_of(self, words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), for one batch of words."""
        return self.model.probabilities(words)


def write_tfidf(folder: Path, model: LinearClassifier) -> None:
    """Write terms and weights into a folder. Raises OSError."""
    with optional_imports():
        from safetensors import SafetensorError
        from safetensors.numpy import save_file
    (folder / TERMS).write_text("".join(f"{term}\n" for term in model.terms), "utf-8")
    # safetensors writes the memory of an array as it is, also of a transposed one.
    arrays = {name: np.ascontiguousarray(getattr(model, name)) for name in _ARRAYS}
    try:
        save_file(arrays, folder / WEIGHTS)
    except SafetensorError as error:  # such as a full disk
        raise OSError(str(error)) from None
