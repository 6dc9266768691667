"""Fine-tuned pretrained encoders as model folders, which transformers loads as well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from nni_nlp_bench.distillation.loading import empty_encoder, load_teacher
from nni_nlp_bench.distillation.teacher import TeacherModel
from nni_nlp_bench.models.base import ParameterCount, TextClassifier
from nni_nlp_bench.models.manifest import Manifest, ModelError, required_count
from nni_nlp_bench.models.weights import check_size
from nni_nlp_bench.training.classification.batches import padded


class TransformerClassifier(TextClassifier):
    """A fine-tuned encoder of the library transformers.

    Attributes:
        encoder: The encoder and its tokenizer.
        max_length: Tokens of a text that are read.
    """

    def __init__(self, manifest: Manifest, encoder: TeacherModel, max_length: int) -> None:
        super().__init__(manifest)
        self.encoder = encoder
        self.max_length = max_length

    @classmethod
    def load(cls, folder: Path, manifest: Manifest) -> Self:
        """Load the model of a folder. Raises UserError."""
        max_length = required_count(manifest.model, "max_length")
        source = str(folder.absolute())
        files = [folder / name for name in manifest.files if name.endswith(".safetensors")]
        if not files:
            raise ModelError(f"{folder} has no weights in the format safetensors: train it again")
        check_size(lambda: empty_encoder(source), *files)
        encoder = load_teacher(source)
        if encoder.labels != manifest.labels:
            raise ModelError(f"{folder}: config.json has other labels than model.json")
        return cls(manifest, encoder, max_length)

    def count_parameters(self) -> ParameterCount:
        """Return the number of parameters."""
        model = self.encoder.model
        total = sum(weight.numel() for weight in model.parameters())
        return ParameterCount(total, model.get_input_embeddings().weight.numel())

    def probabilities_of(self, words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), for one batch of words."""
        sentences = [np.asarray(ids) for ids in self.encoder.ids(words, self.max_length)]
        lengths = torch.tensor([len(ids) for ids in sentences])
        ids = padded(sentences)
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        with torch.inference_mode():
            logits = self.encoder.model(**self.encoder.inputs(ids, mask)).logits
        found: NDArray[np.float64] = logits.double().softmax(1).numpy()
        return found
