"""A one-shot search epoch by epoch: checkpoints, TensorBoard, and going on from where it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from nni.nas.evaluator.pytorch import Lightning, Trainer
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace
from pytorch_lightning import Callback
from pytorch_lightning.loggers import TensorBoardLogger

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.one_shot.task import OneShotTask, Reward
from nni_nlp_bench.training.run import check_archive
from nni_nlp_bench.training.seeding import epoch_seed, seed_all

CHECKPOINT = "checkpoint.ckpt"
TENSORBOARD = "tensorboard"

EpochDone = Callable[[float], None]
"""Called with the mean reward of every epoch that has rewards."""


def no_op(reward: float) -> None:
    """Nobody watches."""


class SearchCallback(Callback):
    """What one search went through, kept after every epoch.

    Every epoch draws from a seed of its own, so that a search that goes on draws what it would have
    drawn.
    """

    def __init__(self, seed: int, out: Path | None, epoch_done: EpochDone) -> None:
        self.seed, self.out, self.epoch_done = seed, out, epoch_done
        self.rewards: list[Reward] = []

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        """Seed the epoch."""
        seed_all(epoch_seed(self.seed, trainer.current_epoch))

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Tell how undecided the strategy is, and write the checkpoint."""
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
        """The rewards so far, for the checkpoint."""
        return {"rewards": [asdict(reward) for reward in self.rewards]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take them from the checkpoint."""
        self.rewards[:] = [Reward(**reward) for reward in state_dict["rewards"]]


def entropy_of(shares: Mapping[str, Mapping[Any, float]]) -> float | None:
    """Nats of all choices together; None where the strategy has no shares."""
    if not shares:
        return None
    each = (share for values in shares.values() for share in values.values())
    return -sum(share * math.log(share) for share in each if share > 0)


def fit(
    task: OneShotTask,
    strategy: Any,
    seed: int,
    out: Path | None,
    *,
    progress: bool,
    epoch_done: EpochDone = no_op,
) -> tuple[Any, list[Reward]]:
    """Let a strategy of NNI search; the trained module of the task, and the rewards.

    With `out`, a folder: goes on from the checkpoint there. Raises UserError for a damaged one.
    """
    course = SearchCallback(seed, out, epoch_done)
    trainer = _trainer(task.settings.epochs, course, out, progress)

    def epoch() -> int:
        return int(trainer.current_epoch)

    module = task.module(seed, course.rewards.append)
    going_on = None if out is None or not (out / CHECKPOINT).exists() else out / CHECKPOINT
    if going_on is not None:
        check_archive(going_on)
    evaluator = Lightning(
        module,
        trainer,
        train_dataloaders=task.train(seed, epoch),
        val_dataloaders=task.valid(seed, epoch),
        fit_kwargs={} if going_on is None else {"ckpt_path": going_on},
    )
    space = RawFormatModelSpace.from_model(task.model_space(seed), evaluator)
    strategy(space, SequentialExecutionEngine())
    return module, course.rewards


def _trainer(epochs: int, course: SearchCallback, out: Path | None, progress: bool) -> Any:
    """Lightning's trainer on the CPU."""
    logger = out is not None and TensorBoardLogger(out, name=TENSORBOARD, version="")
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=logger,
        log_every_n_steps=1,
        callbacks=[course],
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=progress,
        num_sanity_val_steps=0,
    )
