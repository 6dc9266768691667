"""Fine-tuning of a teacher on labelled sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.distillation.loading import load_teacher, quiet
from nni_nlp_bench.distillation.teacher import METADATA, TeacherModel, read_metadata
from nni_nlp_bench.distillation.tokens import Tokens, teacher_words
from nni_nlp_bench.training.classification.batches import Batch, Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.seeding import seeded

TRAINING = "training"
"""Folder of the checkpoints of an unfinished training."""


def fine_tuning_settings(**options: Any) -> ClassifierSettings:
    """Return settings that fine-tune a BERT encoder; options override them. Raises UserError."""
    usual: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 32,
        "learning_rate": 1e-4,
        "last_learning_rate": 1e-7,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
        "clip": 1.0,
    }
    return ClassifierSettings(**{**usual, **options})


class TeacherClassifier(Classifier):
    """A teacher as a classifier of batches of its `Tokens`."""

    teacher_ids: Tensor

    def __init__(self, tokens: Tokens) -> None:
        nothing = Embedding(np.zeros((0, 0), dtype=np.float32), 0.0)
        super().__init__(nothing, tokens.teacher.model)
        self._teacher = tokens.teacher
        self.register_buffer("teacher_ids", torch.from_numpy(tokens.occurring), persistent=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (batch, classes)."""
        ids = self.teacher_ids[(batch.words - 1).clamp_min(0)]
        found = self.network(**self._teacher.inputs(ids, batch.mask))
        logits: Tensor = found.logits
        return logits


@dataclass(frozen=True)
class FineTuning(Task):
    """Fine-tuning of a teacher on a labelled set."""

    teacher: TeacherModel = field(kw_only=True)

    def model(self, data: Encoded) -> Classifier:
        """Return the teacher itself, whose weights the training changes."""
        tokens = self.words.vocabulary
        assert isinstance(tokens, Tokens)
        return TeacherClassifier(tokens)


def fine_tuning(
    name_or_folder: str, data: LabelledSet, settings: ClassifierSettings, device: str = "cpu"
) -> FineTuning:
    """Return the fine-tuning of a teacher. Raises UserError if it is missing or damaged."""
    with seeded(settings.seed):
        teacher = load_teacher(name_or_folder, data.labels)
    words = teacher_words(data, teacher)
    model = teacher.model
    return FineTuning(teacher.digest, lambda: model, words, settings, device, teacher=teacher)


def fine_tune(
    task: FineTuning,
    out: Path,
    progress: Callable[[float], None] = lambda epochs: None,
    save: Callable[[Classifier, ClassifierCurves], object] | None = None,
) -> ClassifierCurves:
    """Train, then write the model, the tokenizer and `teacher.json` into the folder.

    The same call resumes after an interruption.

    Args:
        task: Teacher, data and settings.
        out: The folder.
        progress: Called with the number of completed epochs.
        save: Writes model and tokenizer, and what else belongs to them, into the folder; None to
            write only these.

    Raises:
        UserError: The training fails, or the folder cannot be written.
    """
    trained: list[Classifier] = []
    curves = train_classifier(task, out / TRAINING, progress=progress, finished=trained.append)
    if curves.status != "OK":
        raise UserError(f"the training failed: {curves.status}; a lower learning rate may help")
    teacher, data = task.teacher, task.words.data
    if save is None:
        _write(teacher, out)
    else:
        save(trained[0], curves)
    metadata = {
        "teacher": teacher.name,
        "data": data.name,
        "digest": data.digest,
        "dev_accuracy": curves.dev_accuracies[-1],
        "curves": asdict(curves),
        "settings": asdict(task.settings),
    }
    write_json(out / METADATA, metadata)  # last: marks the folder as complete
    rmtree(out / TRAINING)
    return curves


def fine_tuned(folder: Path) -> ClassifierCurves | None:
    """Return the curves of the finished fine-tuning in a folder; None if it is unfinished."""
    metadata = read_metadata(folder)
    return None if metadata is None else ClassifierCurves(**metadata["curves"])


def _write(teacher: TeacherModel, out: Path) -> None:
    """Write model and tokenizer, each file atomically."""
    try:
        remove_stale(out)
        with scratch_folder(out) as folder:
            write_encoder(teacher, folder)
            for file in folder.iterdir():
                file.replace(out / file.name)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from None


def write_encoder(teacher: TeacherModel, folder: Path) -> None:
    """Write model and tokenizer in the format of transformers. Raises OSError."""
    from safetensors import SafetensorError

    try:
        with quiet():
            teacher.model.save_pretrained(folder)
            teacher.tokenizer.save_pretrained(folder)
    except OSError:
        raise
    except Exception as error:  # the library tokenizers raises plain exceptions
        if not isinstance(error, SafetensorError) and type(error) is not Exception:
            raise
        raise OSError(str(error)) from None  # such as a full disk
