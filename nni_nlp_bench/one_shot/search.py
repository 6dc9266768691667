"""One-shot search: all networks of a space in one, trained together with what chooses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nni_nlp_bench.one_shot.fit import EpochDone, fit, no_op
from nni_nlp_bench.one_shot.settings import check_epochs, check_strategy
from nni_nlp_bench.one_shot.strategies import make_strategy
from nni_nlp_bench.one_shot.task import OneShotTask, Reward, ValidationResult
from nni_nlp_bench.training.seeding import seeded

MIXTURES = ("darts", "gumbel_darts", "kd_emd")
"""Strategies that have one result: the choices with the largest weights."""


@dataclass(frozen=True, slots=True)
class OneShotResult:
    """What a search came to."""

    architecture: Any
    measured: ValidationResult
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
    with seeded(seed):
        host = make_strategy(strategy, task.settings)
        module, rewards = fit(task, host, seed, out, progress=progress, epoch_done=epoch_done)
    with seeded(seed):  # whatever an interruption has left undrawn
        count = 1 if strategy in MIXTURES else task.settings.candidates
        found = _best(task, module, _proposals(host, count), tuple(rewards))
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
