"""Labelled sentences as the tokens of a teacher, so that student and teacher share inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.teacher import TeacherModel
from nni_nlp_bench.training.classification.words import EmbeddedDataset


@dataclass(frozen=True, eq=False)
class Tokens:
    """Vocabulary of those tokens of a teacher that occur in a labelled set; id 0 is padding."""

    teacher: TeacherModel
    occurring: NDArray[np.int64]
    """Token ids of the teacher, ascending; the first has id 1 here."""

    @classmethod
    def of(cls, data: LabelledSet, teacher: TeacherModel) -> Tokens:
        """Collect the tokens of all parts of a labelled set, and that for unknown ones."""
        sentences = [s.words for s in (*data.train, *data.dev, *data.test)]
        found = teacher.ids(sentences, teacher.max_length)
        if (unknown := teacher.tokenizer.unk_token_id) is not None:
            found.append([unknown])
        return cls(teacher, np.unique(np.concatenate([np.asarray(ids) for ids in found])))

    def __len__(self) -> int:
        return 1 + len(self.occurring)

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Return the ids (tokens,) of each sentence, truncated to `limit`.

        Special tokens are included and count.
        """
        found = self.teacher.ids(sentences, limit)
        return tuple(1 + np.searchsorted(self.occurring, np.asarray(ids)) for ids in found)

    def to_teacher_ids(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Convert ids of this vocabulary to those of the teacher."""
        return self.occurring[numbers - 1]

    def save(self, path: Path) -> None:
        """Write one token per line, atomically. Raises UserError."""
        words = self.teacher.tokenizer.convert_ids_to_tokens(self.occurring.tolist())
        with atomic_write(path) as new:
            new.write_text("".join(f"{word}\n" for word in ("<pad>", *words)), "utf-8")


def teacher_words(data: LabelledSet, teacher: TeacherModel) -> EmbeddedDataset:
    """Return the sentences as tokens of the teacher, initialized with its embeddings."""
    tokens = Tokens.of(data, teacher)
    embedding = teacher.model.get_input_embeddings().weight.detach().numpy()
    matrix = np.zeros((len(tokens), embedding.shape[1]), dtype=np.float32)
    matrix[1:] = embedding[tokens.occurring]
    source = f"tokens of {teacher.name}, {teacher.digest[:16]}"
    return EmbeddedDataset(data, tokens, matrix, source, len(tokens) - 1)


def load_tokens(data: str, teacher: str) -> EmbeddedDataset:
    """Load labelled sentences as tokens of a teacher, both by name or path. Raises UserError."""
    return teacher_words(load_labelled_set(data), load_teacher(teacher))
