"""Resumable training of a classifier."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from torch import Tensor

from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.log import NAN
from nni_nlp_bench.training.run import (
    CHECKPOINT,
    VOCABULARY,
    check_identity,
    read_checkpoint,
    restoring,
    save_checkpoint,
)
from nni_nlp_bench.training.seeding import seeded
from nni_nlp_bench.training.threads import torch_threads

CURVES = "curves.json"


@dataclass(slots=True)
class ClassifierCurves:
    """Learning curves of a classifier: one value per epoch. Losses in nats per sentence."""

    train_losses: list[float] = field(default_factory=list)
    dev_losses: list[float] = field(default_factory=list)
    """Empty if the dev set was trained on."""
    dev_accuracies: list[float] = field(default_factory=list)
    """Higher is better; empty if the dev set was trained on."""
    dev_f1s: list[float] = field(default_factory=list)
    """F1 of the second of two labels: higher is better; empty for more labels."""
    dev_macro_f1s: list[float] = field(default_factory=list)
    """Mean F1 of all labels: higher is better; empty if the dev set was trained on."""
    wall_times: list[float] = field(default_factory=list)
    """Seconds of training per epoch."""
    kept_epoch: int = 0
    """Number of epochs after which the kept weights were trained: the last, or with `patience` the
    one of the highest dev accuracy."""
    test_accuracy: float | None = None
    """Accuracy after the last epoch; None unless the dev set was trained on."""
    test_f1: float | None = None
    """F1 after the last epoch, as `dev_f1s`; None unless the dev set was trained on."""
    parameters: int = 0
    """Number of parameters of the network, without the word embedding."""
    stopped: bool = False
    """Whether the training was ended before its last epoch, such as for lack of time."""
    status: str = "OK"
    threads: int = 0
    """Number of threads of torch in the last session; 0 if unknown."""

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.train_losses)


def train_classifier(
    task: Task,
    out: Path | None = None,
    *,
    until: int | None = None,
    threads: int | None = None,
    checkpoint_s: float = 300.0,
    progress: Callable[[float], None] = lambda epochs: None,
    epoch_done: Callable[[ClassifierCurves], None] = lambda curves: None,
    finished: Callable[[Classifier], None] = lambda model: None,
    stop: Callable[[], bool] = lambda: False,
) -> ClassifierCurves:
    """Train a classifier.

    The dev set is evaluated after every epoch. The test set is evaluated once, after the last
    epoch, and only if the dev set is trained on. A NaN loss ends the training; see `status`.

    Args:
        task: Network, data and settings.
        out: Folder for the vocabulary, the curves and the checkpoint, from which the same call
            resumes bit for bit; None for no files.
        until: Number of epochs after which to pause, without changing the schedule of the settings;
            None to train to the end.
        threads: Number of threads; None for one for a small network, else one per available CPU.
        checkpoint_s: Seconds between checkpoints within an epoch.
        progress: Called with the number of completed epochs, including fractions.
        epoch_done: Called with the curves after every epoch.
        finished: Called with the trained model at the end, unless the training failed.
        stop: Asked after every step; once it returns true, the training ends with an evaluation.

    Raises:
        UserError: A checkpoint is damaged or of another training, or a file cannot be written.
    """
    with seeded(task.settings.seed):
        run = _Run(task, out, checkpoint_s, progress, epoch_done, stop)
        with torch_threads(threads, run.curves.parameters) as count:
            curves = run.run(count, until)
            if curves.status != NAN:
                finished(run.trainer.model)
    return curves


class _Run:
    def __init__(
        self,
        task: Task,
        out: Path | None,
        checkpoint_s: float,
        progress: Callable[[float], None],
        epoch_done: Callable[[ClassifierCurves], None],
        stop: Callable[[], bool],
    ) -> None:
        self.task, self.out, self.checkpoint_s = task, out, checkpoint_s
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        self.progress, self.epoch_done, self.stop = progress, epoch_done, stop
        self.trainer = task.trainer()
        network = self.trainer.model.network
        self.curves = ClassifierCurves(parameters=sum(w.numel() for w in network.parameters()))
        self._best: dict[str, Tensor] | None = None
        """Weights of the best epoch, with `patience`."""
        self._last = time.monotonic()

    def run(self, threads: int, until: int | None) -> ClassifierCurves:
        self._restore()
        self.curves.threads = threads
        if self.out is not None:
            self.task.words.vocabulary.save(self.out / VOCABULARY)
        settings, curves = self.task.settings, self.curves
        while not self._ended and (until is None or curves.epochs < until):
            loss = self.trainer.train_epoch(curves.epochs, self._after_step, self.stop)
            curves.train_losses.append(loss)
            curves.wall_times.append(self.trainer.seconds)
            curves.stopped = self.stop()
            if math.isnan(curves.train_losses[-1]):
                curves.status = NAN
            self._measure(last=curves.stopped or curves.epochs == settings.epochs)
            self._keep()
            self._write()
            self.epoch_done(curves)
        if self._best is not None:
            self.trainer.model.load_state_dict(self._best)
        return curves

    @property
    def _ended(self) -> bool:
        curves, settings = self.curves, self.task.settings
        if curves.status == NAN or curves.stopped or curves.epochs == settings.epochs:
            return True
        patience = settings.patience
        return patience is not None and curves.epochs - curves.kept_epoch >= patience

    def _keep(self) -> None:
        """Keep the weights of this epoch: always without patience, else if they are the best."""
        curves = self.curves
        if self.task.settings.patience is None:
            curves.kept_epoch = curves.epochs
        elif curves.epochs == 1 or curves.dev_accuracies[-1] > max(curves.dev_accuracies[:-1]):
            curves.kept_epoch = curves.epochs
            weights = self.trainer.model.state_dict()
            self._best = {name: weight.detach().clone() for name, weight in weights.items()}

    def _measure(self, last: bool) -> None:
        curves, final = self.curves, self.task.settings.train_on == "train+dev"
        if final and (not last or curves.status == NAN):
            return
        batches = self._measured.in_order(self.task.settings.batch_size)
        found = self.trainer.model.evaluate(b.to(self.trainer.device) for b in batches)
        if final:
            curves.test_accuracy, curves.test_f1 = found.accuracy, found.f1
        else:
            curves.dev_losses.append(found.loss)
            curves.dev_accuracies.append(found.accuracy)
            curves.dev_macro_f1s.append(found.macro_f1)
            if found.f1 is not None:
                curves.dev_f1s.append(found.f1)

    @cached_property
    def _measured(self) -> Encoded:
        return self.task.encoded("test" if self.task.settings.train_on == "train+dev" else "dev")

    def _after_step(self, done: int, total: int) -> None:
        self.progress(self.curves.epochs + done / total)
        if time.monotonic() - self._last >= self.checkpoint_s:
            self._checkpoint()

    def _write(self) -> None:
        if self.out is not None:
            write_json(self.out / CURVES, asdict(self.curves))
        self._checkpoint()

    def _checkpoint(self) -> None:
        if self.out is not None:
            state = {"identity": self.task.metadata(), "curves": asdict(self.curves)}
            kept = {"best": self._best, **self.trainer.state()}
            save_checkpoint(self.out / CHECKPOINT, {**state, **kept})
            self._last = time.monotonic()

    def _restore(self) -> None:
        if self.out is None or not (self.out / CHECKPOINT).exists():
            return
        path = self.out / CHECKPOINT
        state = read_checkpoint(path, self.trainer.device)
        with restoring(path):
            check_identity(path, state["identity"], self.task.metadata())
            self.trainer.restore(state)
            self._best = state.get("best")
            self.curves = ClassifierCurves(**state["curves"])
