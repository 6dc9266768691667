"""Resumable training of a language model, with a log and checkpoints."""

from __future__ import annotations

import lzma
import math
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast
from zipfile import BadZipFile, ZipFile

import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.core.input_files import open_input
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.device import check_memory
from nni_nlp_bench.training.log import (
    NAN,
    Curves,
    TrainingMetadata,
    log_name,
    release_log,
    write_log,
)
from nni_nlp_bench.training.models import AnyLanguageModel, LanguageArchitecture
from nni_nlp_bench.training.settings import Settings
from nni_nlp_bench.training.threads import torch_threads
from nni_nlp_bench.training.time_limit import TimeLimit
from nni_nlp_bench.training.trainer import Trainer

CHECKPOINT = "checkpoint.pt"
VOCABULARY = "vocabulary.txt"
_SHOWN_CHARACTERS = 200
_STATE = {"identity", "curves", "model"}
"""Required keys of a checkpoint."""
_UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    UnpicklingError,
    BadZipFile,
    zlib.error,
    lzma.LZMAError,
)

Progress = Callable[[float], None]
"""Called with the number of completed epochs, including fractions."""
EpochDone = Callable[[Curves], None]
"""Called with the curves after every epoch."""


def train(
    recipe: LanguageArchitecture,
    corpus: Corpus,
    settings: Settings,
    out: Path | None = None,
    *,
    recipe_id: int = -1,
    device: str = "cpu",
    threads: int | None = None,
    time_s: float | None = None,
    checkpoint_s: float = 300.0,
    progress: Progress = lambda epochs: None,
    epoch_done: EpochDone = lambda curves: None,
    finished: Callable[[AnyLanguageModel], None] = lambda model: None,
) -> Curves:
    """Train the language model of an architecture.

    A NaN loss ends the training, with the status `loss is nan!`.

    Args:
        recipe: A cell, or a decoder.
        corpus: The corpus.
        settings: Sizes, regularisation and schedule.
        out: Folder for the vocabulary, the log and the checkpoint, from which the same call
            resumes bit for bit; None for no files.
        recipe_id: Published id of the cell, or -1.
        device: Torch device.
        threads: Number of threads; None for one for a small network, else one per available CPU;
            with `time_s` for the fastest by measurement.
        time_s: Seconds that the training may take, those of earlier sessions included: it ends
            after the last epoch that fits; None to train all epochs.
        checkpoint_s: Seconds between checkpoints within an epoch.
        progress: Called after every step.
        epoch_done: Called after every epoch.
        finished: Called with the trained model at the end, unless the training failed.

    Raises:
        UserError: The device cannot be used, a checkpoint is damaged or of another training, a file
            cannot be written, or not even one epoch fits into the time.
    """
    started = time.monotonic()
    metadata = TrainingMetadata.of(recipe, recipe_id, corpus, settings)
    check_memory(metadata.num_params, device)
    trainer = Trainer(recipe, corpus, settings, device)
    curves = Curves()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        curves = _resume(out / CHECKPOINT, trainer, metadata, settings)
    limit = None
    if time_s is not None:
        limit = TimeLimit(time_s, started - sum(curves.wall_times))
        if curves.threads:  # of the first session
            threads = threads or curves.threads
        else:
            threads = limit.fastest_threads(
                lambda: Trainer(recipe, corpus, settings, device), threads
            )
    if out is not None:
        with atomic_write(out / VOCABULARY) as new:
            new.write_text("".join(f"{word}\n" for word in corpus.vocabulary), "utf-8")
    writer = _Writer(out, trainer, metadata, settings, checkpoint_s)
    with torch_threads(threads, metadata.num_params) as curves.threads:
        _run_epochs(trainer, corpus, settings, curves, writer, progress, epoch_done, limit)
        if curves.status != NAN:
            finished(trainer.model)
    return curves


def _run_epochs(
    trainer: Trainer,
    corpus: Corpus,
    settings: Settings,
    curves: Curves,
    writer: _Writer,
    progress: Progress,
    epoch_done: EpochDone,
    limit: TimeLimit | None,
) -> None:
    def after_step(done: int, total: int) -> None:
        progress(curves.epochs + done / total)
        writer.checkpoint_if_due(curves)

    while curves.epochs < settings.epochs and curves.status != NAN:
        if limit is not None and not limit.allows_epoch():
            break
        finite = trainer.train_epoch(after_step)
        _append_epoch(curves, trainer, corpus, finite)
        writer.epoch_done(curves)
        epoch_done(curves)


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


class _Writer:
    """Writes the log and the checkpoints, if there is a folder."""

    def __init__(
        self,
        out: Path | None,
        trainer: Trainer,
        metadata: TrainingMetadata,
        settings: Settings,
        checkpoint_s: float,
    ) -> None:
        self.out, self.trainer, self.metadata, self.settings = out, trainer, metadata, settings
        self.checkpoint_s = checkpoint_s
        self._last = time.monotonic()

    def checkpoint_if_due(self, curves: Curves) -> None:
        if self.out is not None and time.monotonic() - self._last >= self.checkpoint_s:
            self._checkpoint(self.out, curves)

    def epoch_done(self, curves: Curves) -> None:
        if self.out is not None:
            metadata = self.metadata
            log = release_log(metadata, self.settings, curves)
            name = log_name(metadata.recipe, metadata.recipe_id, self.settings.seed)
            write_log(self.out / name, log)
            self._checkpoint(self.out, curves)

    def _checkpoint(self, out: Path, curves: Curves) -> None:
        identity = _identity(self.metadata, self.settings)
        state = {"identity": identity, "curves": asdict(curves), **self.trainer.state()}
        save_checkpoint(out / CHECKPOINT, state)
        self._last = time.monotonic()


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically. Raises UserError if it cannot be written."""
    with atomic_write(path) as new, new.open("wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:
            # torch replaces the error of a failed write, such as a full disk, by its own.
            cause = error.__context__
            while isinstance(cause, RuntimeError):
                cause = cause.__context__
            raise cause if isinstance(cause, OSError) else error from None


def read_checkpoint(
    path: Path, device: torch.device | None = None, keys: Set[str] = _STATE
) -> dict[str, Any]:
    """Load a checkpoint with its tensors on the device; no code in it is run.

    Raises UserError if it is damaged, or lacks one of the keys.
    """
    check_archive(path)
    with restoring(path):
        state = torch.load(path, map_location=device or "cpu", weights_only=True)
        if not isinstance(state, dict) or not state.keys() >= keys:
            raise ValueError("not a checkpoint of a training")
    return cast(dict[str, Any], state)


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """Context that raises a UserError if the content of a checkpoint does not fit."""
    try:
        yield
    except _UNREADABLE as error:
        raise _damaged(path, error) from None


def check_identity(path: Path, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise UserError if a checkpoint belongs to another training."""
    different = [name for name in wanted if known.get(name) != wanted[name]]
    if different:
        raise UserError(
            f"{path} is of a training with another {', '.join(different)}; choose another folder"
        )


def check_archive(path: Path) -> None:
    """Raise UserError for a corrupted checkpoint: torch.load does not verify checksums."""
    with restoring(path), open_input(path) as file, ZipFile(file) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise BadZipFile(f"wrong checksum of {damaged}")


def _damaged(path: Path, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0][:_SHOWN_CHARACTERS] or type(error).__name__
    return UserError(f"{path} is damaged ({reason}); delete it to start over")


def _identity(metadata: TrainingMetadata, settings: Settings) -> dict[str, Any]:
    """Return what a checkpoint and the resumed training must share; epochs may differ."""
    return {**asdict(metadata), **asdict(settings), "epochs": None}


def _resume(path: Path, trainer: Trainer, metadata: TrainingMetadata, settings: Settings) -> Curves:
    """Restore the trainer and return the curves so far; empty without a checkpoint."""
    if not path.exists():
        return Curves()
    state = read_checkpoint(path, trainer.device)
    with restoring(path):
        check_identity(path, state["identity"], _identity(metadata, settings))
        trainer.restore(state)
        return Curves(**state["curves"])
