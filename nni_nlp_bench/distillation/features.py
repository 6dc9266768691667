"""Disk cache of teacher outputs.

The outputs of all sentences are concatenated without padding, in half precision. Later trainings on
the same sentences, in this process or another, read them instead of running the teacher.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.distillation.losses.base import Kind, TeacherOutputs
from nni_nlp_bench.distillation.losses.relations import relations_of
from nni_nlp_bench.distillation.teacher import TeacherModel
from nni_nlp_bench.training.classification.batches import Batch

BATCH_SIZE = 64
"""Batch size of the teacher."""
_NUMBER = np.dtype("<f2")

Sentences = Sequence[NDArray[np.int64]]
"""Token ids of the teacher, (length,) per sentence."""


def teachers_folder() -> Path:
    """Return the cache folder: in $NNI_NLP_BENCH_CACHE, else in the user's cache."""
    named = os.environ.get("NNI_NLP_BENCH_CACHE")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return (Path(named) if named else caches / "nni-nlp-bench").expanduser() / "teachers"


@dataclass(frozen=True, eq=False)
class TeacherFeatures:
    """Memory-mapped teacher outputs of encoded sentences."""

    shapes: Mapping[Kind, NDArray[np.int64]]
    """Shapes of the outputs per sentence, (sentences, axes) of each kind."""
    files: Mapping[Kind, Path]

    def outputs(self, batch: Batch) -> TeacherOutputs:
        """Return the outputs of a batch in single precision on its device, 0 at padding."""
        device, length = batch.words.device, batch.words.shape[1]
        rows = batch.rows.tolist()
        return TeacherOutputs(
            **{kind: self._padded(kind, rows, length).to(device) for kind in self.shapes}
        )

    def _padded(self, kind: Kind, rows: Sequence[int], length: int) -> Tensor:
        shapes, ends = self.shapes[kind], self._ends[kind]
        numbers = self._numbers[kind]
        whole = list(shapes[rows[0]])
        for axis in _LENGTHS[kind]:
            whole[axis] = length
        padded = np.zeros((len(rows), *whole), dtype=np.float32)
        for place, row in enumerate(rows):
            part = numbers[ends[row] - shapes[row].prod() : ends[row]].reshape(shapes[row])
            padded[place][tuple(slice(size) for size in part.shape)] = part
        batch = torch.from_numpy(padded)
        return batch if kind == "logits" else batch.transpose(0, 1).contiguous()

    @cached_property
    def _ends(self) -> dict[Kind, NDArray[np.int64]]:
        return {kind: shapes.prod(1).cumsum() for kind, shapes in self.shapes.items()}

    @cached_property
    def _numbers(self) -> dict[Kind, NDArray[np.float16]]:
        return {kind: np.memmap(file, _NUMBER, "r") for kind, file in self.files.items()}


_LENGTHS: Mapping[Kind, tuple[int, ...]] = {"hidden": (1,), "relations": (1, 2), "logits": ()}
"""Axes of a sentence's outputs whose size is its length."""


def cached_features(
    teacher: TeacherModel,
    sentences: Sentences,
    kinds: Iterable[Kind],
    folder: Path | None = None,
    progress: Progress = no_progress,
) -> TeacherFeatures:
    """Return the teacher outputs of sentences, computed unless they are cached.

    A lock prevents two processes from computing the same outputs.

    Args:
        teacher: The teacher.
        sentences: Token ids of the teacher.
        kinds: Kinds of outputs.
        folder: Cache folder; None for `teachers_folder()`.
        progress: Called with the numbers of processed and of all sentences.

    Raises:
        UserError: A file is damaged, or `logits` are needed of a teacher that does not classify.
    """
    from filelock import FileLock

    if "logits" in (kinds := sorted(set(kinds))) and teacher.labels is None:
        raise UserError(
            f"teacher {teacher.name} does not classify: fine-tune it with `nni-nlp-bench teacher`"
        )
    own = (folder or teachers_folder()) / _key(teacher, sentences)
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write {own}: {error.strerror or error}") from None
    shapes = {kind: _shapes(teacher, sentences, kind) for kind in kinds}
    files = {kind: own / f"{kind}.f16" for kind in kinds}
    with FileLock(own / "lock"):
        for kind, file in files.items():
            if file.exists() and _checksum_file(file).exists():
                _check(file)
            else:
                _compute(teacher, sentences, kind, shapes[kind], file, progress)
    return TeacherFeatures(shapes, files)


def _checksum_file(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _check(file: Path) -> None:
    """Raise UserError unless the file is what was written."""
    checksum = _checksum_file(file)
    try:
        intact = checksum.read_bytes() == _sha256(file).encode()
    except OSError as error:
        raise UserError(f"cannot read {file} and {checksum.name}: {error.strerror}") from None
    if not intact:
        raise UserError(f"{file} is damaged: delete it to compute it again")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _key(teacher: TeacherModel, sentences: Sentences) -> str:
    sha = hashlib.sha256(teacher.digest.encode())
    for ids in sentences:
        sha.update(len(ids).to_bytes(4, "little") + ids.astype("<i8").tobytes())
    return sha.hexdigest()[:32]


def _shapes(teacher: TeacherModel, sentences: Sentences, kind: Kind) -> NDArray[np.int64]:
    lengths = np.array([len(ids) for ids in sentences], dtype=np.int64)
    layers, width = (np.full_like(lengths, size) for size in (teacher.layers, teacher.width))
    axes = {
        "hidden": [layers, lengths, width],
        "relations": [layers, lengths, lengths],
        "logits": [np.full_like(lengths, len(teacher.labels or ()))],
    }[kind]
    return np.stack(axes, 1)


def _compute(
    teacher: TeacherModel,
    sentences: Sentences,
    kind: Kind,
    shapes: NDArray[np.int64],
    file: Path,
    progress: Progress,
) -> None:
    ends = shapes.prod(1).cumsum() * _NUMBER.itemsize
    order = np.argsort([len(ids) for ids in sentences], kind="stable")
    # Plain writes raise an error if the disk is full; writes to a memory map would not.
    with atomic_write(file) as new:
        with new.open("wb") as stream:
            stream.truncate(int(ends[-1]))
            for start in range(0, len(order), BATCH_SIZE):
                rows = order[start : start + BATCH_SIZE]
                parts = _run(teacher, [sentences[row] for row in rows], kind)
                for row, part in zip(rows, parts, strict=True):
                    _write(stream, int(ends[row]), part, teacher)
                progress(start + len(rows), len(order))
        checksum = _sha256(new)
    with atomic_write(_checksum_file(file)) as new:
        new.write_text(checksum, "utf-8")


def _run(teacher: TeacherModel, sentences: Sentences, kind: Kind) -> list[NDArray[np.float16]]:
    """Return one kind of outputs per sentence."""
    lengths = [len(ids) for ids in sentences]
    ids = np.zeros((len(sentences), max(lengths)), dtype=np.int64)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)] = sentence
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    with torch.inference_mode():
        hidden, logits = teacher.outputs(torch.from_numpy(ids), mask)
        if kind == "logits":
            assert logits is not None
            return [row.numpy().astype(_NUMBER) for row in logits]
        if kind == "relations":
            found = relations_of(hidden, mask)
            return [found[:, i, :n, :n].numpy().astype(_NUMBER) for i, n in enumerate(lengths)]
        return [hidden[:, i, :n].numpy().astype(_NUMBER) for i, n in enumerate(lengths)]


def _write(stream: BinaryIO, end: int, part: NDArray[np.float16], teacher: TeacherModel) -> None:
    if not np.isfinite(part).all():
        raise UserError(f"teacher {teacher.name} has outputs that are not finite")
    stream.seek(end - part.nbytes)
    stream.write(part.tobytes())
