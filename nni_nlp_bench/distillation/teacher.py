"""Teachers: pretrained encoders of the library transformers, and what they were fine-tuned on."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR

METADATA = "teacher.json"
"""What `fine_tuning` writes beside the weights."""
CLASSIFIES = "ForSequenceClassification"
"""How the kinds of models that classify end."""


@dataclass(frozen=True, eq=False)
class TeacherModel:
    """An encoder, its tokenizer, and what it was fine-tuned on."""

    name: str
    """As it was asked for."""
    model: Any
    tokenizer: Any
    metadata: dict[str, Any] | None = None
    """Of its fine-tuning: data, digest, dev_accuracy and more; None: unknown, or there was none."""

    @property
    def layers(self) -> int:
        """How many, without the embedding."""
        return int(self.model.config.num_hidden_layers)

    @property
    def width(self) -> int:
        """Of its layers."""
        return int(self.model.config.hidden_size)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """What its logits stand for, where it classifies."""
        if not type(self.model).__name__.endswith(CLASSIFIES):
            return None
        return _labels(self.model.config)

    @property
    def fine_tuned_on(self) -> str | None:
        """The name of the set whose labels it has learned; None: unknown, or none."""
        return None if self.metadata is None else str(self.metadata["data"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all weights: it tells whose features a cache holds."""
        sha = hashlib.sha256()
        for name, weight in sorted(self.model.state_dict().items()):
            sha.update(name.encode())
            sha.update(weight.cpu().contiguous().numpy().tobytes())
        return sha.hexdigest()

    @property
    def max_length(self) -> int:
        """Tokens of a sentence that it can read."""
        positions = getattr(self.model.config, "max_position_embeddings", None)
        return min(int(self.tokenizer.model_max_length), positions or sys.maxsize)

    def ids(self, sentences: Sequence[Sequence[str]], limit: int) -> list[list[int]]:
        """Its tokens of each sentence or pair, special ones included, at most `limit`."""
        pairs = [_divided(words) for words in sentences]
        firsts, seconds = ([list(pair[side]) for pair in pairs] for side in (0, 1))
        found = self.tokenizer(
            firsts,
            seconds if any(seconds) else None,
            is_split_into_words=True,
            truncation=True,
            max_length=min(limit, self.max_length),
        )
        ids: list[list[int]] = found["input_ids"]
        return ids

    def inputs(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """What the model is called with for tokens (batch, length) and mask (batch, length)."""
        inputs = {"input_ids": ids, "attention_mask": mask.long()}
        if getattr(self.model.config, "type_vocab_size", 0) > 1:
            ends = (ids == self.tokenizer.sep_token_id).long()
            second = (ends.cumsum(1) - ends).clamp_max(1)
            inputs["token_type_ids"] = second * mask
        return inputs

    def outputs(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """Tokens (batch, length) and mask (batch, length), true at tokens, to each layer's outputs
        (layers, batch, length, width) and, where it classifies, logits (batch, classes)."""
        found = self.model(**self.inputs(ids, mask), output_hidden_states=True)
        return torch.stack(found.hidden_states[1:]), getattr(found, "logits", None)


def read_metadata(folder: Path) -> dict[str, Any] | None:
    """What `fine_tuning` left in the folder. Raises UserError for a damaged file."""
    path = folder / METADATA
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"data", "digest", "curves"} <= found.keys():
        raise UserError(f"{path} is damaged: remove it, or fine-tune the teacher again")
    return found


def _labels(config: Any) -> tuple[str, ...]:
    return tuple(str(config.id2label[i]) for i in sorted(config.id2label))


def _divided(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Both sentences of a pair; nothing in the place of a second one."""
    if SEPARATOR not in words:
        return words, ()
    place = words.index(SEPARATOR)
    return words[:place], words[place + 1 :]
