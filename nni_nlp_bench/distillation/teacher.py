"""Teachers: pretrained encoders of the library transformers."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.data.sentences.labelled_set import split_pair

METADATA = "teacher.json"
"""File of the metadata of a fine-tuned teacher."""
CLASSIFIES = "ForSequenceClassification"
"""Suffix of the class names of models that classify."""


@dataclass(frozen=True, eq=False)
class TeacherModel:
    """An encoder with its tokenizer and the metadata of its fine-tuning."""

    name: str
    """Name or folder that it was loaded by."""
    model: Any
    tokenizer: Any
    metadata: dict[str, Any] | None = None
    """Metadata of the fine-tuning: data, digest, dev_accuracy and more; None if unknown."""

    @property
    def layers(self) -> int:
        """Number of layers, excluding the embedding."""
        return int(self.model.config.num_hidden_layers)

    @property
    def width(self) -> int:
        """Width of its layers."""
        return int(self.model.config.hidden_size)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Labels of its logits; None if it does not classify."""
        if not type(self.model).__name__.endswith(CLASSIFIES):
            return None
        return _labels(self.model.config)

    @property
    def fine_tuned_on(self) -> str | None:
        """Name of the data set that it was fine-tuned on; None if unknown."""
        return None if self.metadata is None else str(self.metadata["data"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all weights: the key of its outputs in the cache."""
        sha = hashlib.sha256()
        for name, weight in sorted(self.model.state_dict().items()):
            sha.update(name.encode())
            sha.update(weight.cpu().contiguous().numpy().tobytes())
        return sha.hexdigest()

    @property
    def max_length(self) -> int:
        """Maximum number of tokens per sentence."""
        positions = getattr(self.model.config, "max_position_embeddings", None)
        return min(int(self.tokenizer.model_max_length), positions or sys.maxsize)

    def ids(self, sentences: Sequence[Sequence[str]], limit: int) -> list[list[int]]:
        """Return the token ids of each sentence or pair, truncated to `limit`.

        Special tokens are included and count.
        """
        pairs = [split_pair(words) for words in sentences]
        found: list[list[int]] = [[] for _ in pairs]
        for are_pairs in (False, True):  # an empty second sentence has a separator, too
            rows = [i for i, (_, second) in enumerate(pairs) if bool(second) is are_pairs]
            if not rows:
                continue
            firsts, seconds = ([list(pairs[i][side]) for i in rows] for side in (0, 1))
            inputs = self.tokenizer(
                firsts,
                seconds if are_pairs else None,
                is_split_into_words=True,
                truncation=True,
                max_length=min(limit, self.max_length),
            )["input_ids"]
            for row, ids in zip(rows, inputs, strict=True):
                found[row] = ids
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how another process makes the teacher.

        A model of transformers that is pickled itself gives no hidden states there: its class
        registers them when a model is made.
        """
        weights = self.model.state_dict()
        made = (type(self.model), self.model.config, weights, self.tokenizer, self.metadata)
        return _made, (self.name, *made)

    def inputs(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return the model's arguments for token ids (batch, length) and a mask (batch, length)."""
        inputs = {"input_ids": ids, "attention_mask": mask.long()}
        if getattr(self.model.config, "type_vocab_size", 0) > 1:
            ends = (ids == self.tokenizer.sep_token_id).long()
            second = (ends.cumsum(1) - ends).clamp_max(1)
            inputs["token_type_ids"] = second * mask
        return inputs

    def outputs(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return hidden states (layers, batch, length, width) and logits (batch, classes).

        The logits are None if it does not classify.

        Args:
            ids: Token ids, (batch, length).
            mask: True at tokens, (batch, length).
        """
        found = self.model(**self.inputs(ids, mask), output_hidden_states=True)
        return torch.stack(found.hidden_states[1:]), getattr(found, "logits", None)


def _made(
    name: str,
    kind: Any,
    config: Any,
    weights: dict[str, Tensor],
    tokenizer: Any,
    metadata: dict[str, Any] | None,
) -> TeacherModel:
    """Return the teacher of another process, in evaluation mode."""
    model = kind(config)
    model.load_state_dict(weights)
    return TeacherModel(name, model.eval(), tokenizer, metadata)


def read_metadata(folder: Path) -> dict[str, Any] | None:
    """Read the metadata of a fine-tuned teacher; None without the file. Raises UserError."""
    path = folder / METADATA
    if not exists(path):
        return None
    found = read_json(path, remedy="delete it, or fine-tune the teacher again")
    if not isinstance(found, dict) or not {"data", "digest", "curves"} <= found.keys():
        raise UserError(f"{path} is damaged: delete it, or fine-tune the teacher again")
    return found


def _labels(config: Any) -> tuple[str, ...]:
    return tuple(str(config.id2label[i]) for i in sorted(config.id2label))
