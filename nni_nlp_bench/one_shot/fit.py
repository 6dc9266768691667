"""Training of a supernet: checkpoints, resuming and TensorBoard logs."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from nni.nas.evaluator.pytorch import Lightning, Trainer
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace
from pytorch_lightning import Callback
from pytorch_lightning.loggers import TensorBoardLogger

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.one_shot.result import Reward
from nni_nlp_bench.one_shot.task import OneShotTask
from nni_nlp_bench.training.run import read_checkpoint
from nni_nlp_bench.training.seeding import epoch_seed, seed_all

CHECKPOINT = "checkpoint.ckpt"
TENSORBOARD = "tensorboard"
_STATE = {"state_dict", "optimizer_states", "loops", "epoch", "global_step"}

EpochDone = Callable[[float], None]
"""Called with the mean reward of every epoch that has rewards."""


def no_op(reward: float) -> None:
    """Ignore the reward."""


class SearchCallback(Callback):
    """Seeds every epoch, records the rewards and saves a checkpoint after every epoch.

    Every epoch has its own seed, so that a resumed search draws the same random numbers.
    """

    def __init__(self, seed: int, out: Path | None, epoch_done: EpochDone) -> None:
        self.seed, self.out, self.epoch_done = seed, out, epoch_done
        self.rewards: list[Reward] = []

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        """Set the seed of the epoch."""
        seed_all(epoch_seed(self.seed, trainer.current_epoch))

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Log the entropy of the choices, save the checkpoint and report the mean reward."""
        entropy = entropy_of(module.export_probs())
        if entropy is not None:
            module.log("entropy", entropy, prog_bar=True)
        if self.out is not None:
            with atomic_write(self.out / CHECKPOINT) as new:
                trainer.save_checkpoint(new)
        rewards = [each.reward for each in self.rewards if each.epoch == trainer.current_epoch]
        if rewards:
            self.epoch_done(mean(rewards))

    def state_dict(self) -> dict[str, Any]:
        """Return the rewards for the checkpoint."""
        return {"rewards": [asdict(reward) for reward in self.rewards]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the rewards from the checkpoint."""
        self.rewards[:] = [Reward(**reward) for reward in state_dict["rewards"]]


def entropy_of(probabilities: Mapping[str, Mapping[Any, float]]) -> float | None:
    """Return the total entropy of all choices in nats; None without probabilities."""
    if not probabilities:
        return None
    each = (p for values in probabilities.values() for p in values.values())
    return -sum(p * math.log(p) for p in each if p > 0)


def fit(
    task: OneShotTask,
    strategy: Any,
    seed: int,
    out: Path | None,
    *,
    progress: bool,
    epoch_done: EpochDone = no_op,
) -> tuple[Any, list[Reward]]:
    """Run a one-shot strategy of NNI; return the trained module and the rewards.

    If the folder `out` has a checkpoint, the search resumes from it. Raises UserError if it is
    damaged, or the folder cannot be written.
    """
    callback = SearchCallback(seed, out, epoch_done)
    trainer = _trainer(task.settings.epochs, callback, out, progress)

    def epoch() -> int:
        return int(trainer.current_epoch)

    module = task.module(seed, callback.rewards.append)
    checkpoint = None if out is None or not (out / CHECKPOINT).exists() else out / CHECKPOINT
    if checkpoint is not None:
        read_checkpoint(checkpoint, keys=_STATE)  # Lightning would end in a traceback
    evaluator = Lightning(
        module,
        trainer,
        train_dataloaders=task.train(seed, epoch),
        val_dataloaders=task.valid(seed, epoch),
        fit_kwargs={} if checkpoint is None else {"ckpt_path": checkpoint},
    )
    space = RawFormatModelSpace.from_model(task.model_space(seed), evaluator)
    with nullcontext() if out is None else _disk_errors(out):
        strategy(space, SequentialExecutionEngine())
    return module, callback.rewards


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    """Context in which a failed write, such as on a full disk, is one UserError."""
    before = threading.excepthook

    def show(error: threading.ExceptHookArgs) -> None:
        # TensorBoard's thread raises it here, and again in the main thread.
        if not issubclass(error.exc_type, OSError):
            before(error)

    threading.excepthook = show
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write into {out}: {error.strerror or error}") from None
    finally:
        threading.excepthook = before


def _trainer(epochs: int, callback: SearchCallback, out: Path | None, progress: bool) -> Any:
    """Return Lightning's trainer on the CPU."""
    logger = out is not None and TensorBoardLogger(out, name=TENSORBOARD, version="")
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=logger,
        log_every_n_steps=1,
        callbacks=[callback],
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=progress,
        num_sanity_val_steps=0,
    )
