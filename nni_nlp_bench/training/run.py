"""A whole training in a folder: log, checkpoint, and going on after an interruption."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast
from zipfile import BadZipFile, ZipFile

import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.cells import AnyCell
from nni_nlp_bench.training.log import (
    NAN,
    Curves,
    TrainingMetadata,
    log_name,
    release_log,
    write_log,
)
from nni_nlp_bench.training.settings import Settings
from nni_nlp_bench.training.trainer import Trainer

CHECKPOINT = "checkpoint.pt"
VOCABULARY = "vocabulary.txt"
_STATE = {"identity", "curves", "model"}
"""What a checkpoint holds at least."""
_UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, UnpicklingError, BadZipFile, zlib.error)

Progress = Callable[[float], None]
"""Called with the epochs trained, in parts of epochs."""
EpochDone = Callable[[Curves], None]
"""Called with the curves after every epoch."""


def train(
    recipe: AnyCell,
    corpus: Corpus,
    settings: Settings,
    out: Path | None = None,
    *,
    recipe_id: int = -1,
    device: str = "cpu",
    checkpoint_s: float = 300.0,
    progress: Progress = lambda epochs: None,
    epoch_done: EpochDone = lambda curves: None,
) -> Curves:
    """Train a cell's language model; NaN ends the training, and its `status` says so.

    With `out`, a folder: the words are written there, the log after every epoch, a checkpoint then
    and every `checkpoint_s` seconds; the same call goes on from it, bit for bit. Raises UserError.
    """
    trainer = Trainer(recipe, corpus, settings, device)
    subject = TrainingMetadata.of(recipe, recipe_id, corpus, settings)
    curves = Curves()
    if out is not None:
        curves = _restored(out / CHECKPOINT, trainer, subject, settings)
        with atomic_write(out / VOCABULARY) as new:
            new.write_text("".join(f"{word}\n" for word in corpus.vocabulary), "utf-8")
    keeper = _Keeper(out, trainer, subject, settings, checkpoint_s)

    def after_step(done: int, total: int) -> None:
        progress(curves.epochs + done / total)
        keeper.checkpoint_if_due(curves)

    while curves.epochs < settings.epochs and curves.status != NAN:
        finite = trainer.train_epoch(after_step)
        _append_epoch(curves, trainer, corpus, finite)
        keeper.epoch_done(curves)
        epoch_done(curves)
    return curves


def _append_epoch(curves: Curves, trainer: Trainer, corpus: Corpus, finite: bool) -> None:
    for losses, ids in (
        (curves.train_losses, corpus.train),
        (curves.val_losses, corpus.valid),
        (curves.test_losses, corpus.test),
    ):
        losses.append(trainer.evaluate(ids) if finite else math.nan)
    curves.wall_times.append(trainer.epoch_s)
    last = (curves.train_losses[-1], curves.val_losses[-1], curves.test_losses[-1])
    if any(math.isnan(loss) for loss in last):
        curves.status = NAN


class _Keeper:
    """Writes the log and the checkpoints into the folder, if there is one."""

    def __init__(
        self,
        out: Path | None,
        trainer: Trainer,
        subject: TrainingMetadata,
        settings: Settings,
        checkpoint_s: float,
    ) -> None:
        self.out, self.trainer, self.subject, self.settings = out, trainer, subject, settings
        self.checkpoint_s = checkpoint_s
        self._last = time.monotonic()

    def checkpoint_if_due(self, curves: Curves) -> None:
        if self.out is not None and time.monotonic() - self._last >= self.checkpoint_s:
            self._checkpoint(self.out, curves)

    def epoch_done(self, curves: Curves) -> None:
        if self.out is not None:
            subject = self.subject
            log = release_log(subject, self.settings, curves)
            name = log_name(subject.recipe, subject.recipe_id, self.settings.seed)
            write_log(self.out / name, log)
            self._checkpoint(self.out, curves)

    def _checkpoint(self, out: Path, curves: Curves) -> None:
        identity = _identity(self.subject, self.settings)
        state = {"identity": identity, "curves": asdict(curves), **self.trainer.state()}
        with atomic_write(out / CHECKPOINT) as new:
            torch.save(state, new)
        self._last = time.monotonic()


def read_checkpoint(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """The state in a checkpoint, its tensors on the device. Raises UserError."""
    check_archive(path)
    try:
        state = torch.load(path, map_location=device or "cpu", weights_only=True)
        if not isinstance(state, dict) or not state.keys() >= _STATE:
            raise ValueError("no checkpoint of a training")
    except _UNREADABLE as error:
        raise _damaged(path, error) from None
    return cast(dict[str, Any], state)


def check_identity(path: Path, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise UserError for a checkpoint of another training than the one that would go on."""
    different = [name for name in wanted if known.get(name) != wanted[name]]
    if different:
        raise UserError(
            f"{path} is of a training with another {', '.join(different)}; choose another folder"
        )


def check_archive(path: Path) -> None:
    """Raise UserError for a checkpoint that is not what was written: torch.load does not compare
    the checksums."""
    try:
        with ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise BadZipFile(f"wrong checksum of {damaged}")
    except _UNREADABLE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0]
    return UserError(f"{path} is damaged ({reason}); delete it to start over")


def _identity(subject: TrainingMetadata, settings: Settings) -> dict[str, Any]:
    """What a checkpoint must share with the training that goes on from it; epochs may be added."""
    return {**asdict(subject), **asdict(settings), "epochs": None}


def _restored(
    path: Path, trainer: Trainer, subject: TrainingMetadata, settings: Settings
) -> Curves:
    """The curves so far, with the trainer where it was; empty ones where nothing was trained."""
    if not path.exists():
        return Curves()
    state = read_checkpoint(path, trainer.device)
    check_identity(path, state["identity"], _identity(subject, settings))
    trainer.restore(state)
    return Curves(**state["curves"])
