"""One-shot search: all networks of a space in one, trained together with what chooses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nni_nlp_bench.one_shot.fit import EpochDone, fit, no_op
from nni_nlp_bench.one_shot.registry import (
    ONE_SHOT_STRATEGIES,
    check_epochs,
    check_strategy,
)
from nni_nlp_bench.one_shot.task import OneShotTask, Reward, ValidationResult
from nni_nlp_bench.training.seeding import seeded


@dataclass(frozen=True, slots=True)
class OneShotResult:
    """What a search came to."""

    architecture: Any
    validation: ValidationResult
    """On the validation part, with the shared weights."""
    rewards: tuple[Reward, ...]
    """In the order in which they came."""


def search_one_shot(
    task: OneShotTask,
    strategy: str,
    seed: int,
    out: Path | None = None,
    *,
    progress: bool = False,
    epoch_done: EpochDone = no_op,
) -> OneShotResult:
    """Train the shared weights and the choices by a one-shot strategy.

    With `out`, a folder: a checkpoint after every epoch, from which the same call goes on to the
    same result, logs for TensorBoard, and what `files.py` writes. `progress` shows Lightning's bar
    on stderr; `epoch_done` is told the mean reward of every epoch. The same arguments give the same
    architecture on the same machine. Raises UserError.
    """
    from nni_nlp_bench.one_shot.files import write_files

    check_strategy(task.space, strategy)
    check_epochs(strategy, task.settings.epochs)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    declared = ONE_SHOT_STRATEGIES.get(strategy)
    with seeded(seed):
        trained = declared.make(task.settings)
        module, rewards = fit(task, trained, seed, out, progress=progress, epoch_done=epoch_done)
    with seeded(seed):  # whatever an interruption has left undrawn
        count = task.settings.candidates if declared.samples else 1
        found = _best(task, module, _proposals(trained, count), tuple(rewards))
    if out is not None:
        write_files(out, task, strategy, seed, found)
    return found


def _proposals(strategy: Any, count: int) -> list[dict[str, Any]]:
    """Samples that the trained strategy proposes.

    Not through NNI's `list_models`: it gives ENAS a new, untrained policy before it asks.
    """
    return [strategy.oneshot_module.export() for _ in range(count)]


def _best(
    task: OneShotTask, module: Any, samples: list[dict[str, Any]], rewards: tuple[Reward, ...]
) -> OneShotResult:
    architectures = dict.fromkeys(module.model.choices.from_sample(sample) for sample in samples)
    measured = {found: task.measure(module, found) for found in architectures}
    best = max(measured, key=lambda found: measured[found].reward)
    return OneShotResult(best, measured[best], rewards)
