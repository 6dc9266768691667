"""One-shot search: chooses an architecture of a supernet, with or without training it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nni_nlp_bench.one_shot.base import OneShotStrategy, TrainingFreeSearch
from nni_nlp_bench.one_shot.files import write_files
from nni_nlp_bench.one_shot.fit import EpochDone, fit, no_op
from nni_nlp_bench.one_shot.registry import (
    ONE_SHOT_STRATEGIES,
    check_epochs,
    check_strategy,
)
from nni_nlp_bench.one_shot.result import OneShotResult, Reward
from nni_nlp_bench.one_shot.task import OneShotTask
from nni_nlp_bench.training.seeding import seeded


def search_one_shot(
    task: OneShotTask,
    strategy: str,
    seed: int,
    out: Path | None = None,
    *,
    progress: bool = False,
    epoch_done: EpochDone = no_op,
) -> OneShotResult:
    """Search for an architecture with shared weights.

    The same arguments give the same result on the same machine.

    Args:
        task: Space, data and reward.
        strategy: Name of a one-shot strategy.
        seed: Seed of the whole search.
        out: Output folder: a checkpoint per epoch, from which the same call resumes to the same
            result, logs for TensorBoard, and the files of `write_files`. None for no files. A
            strategy that does not train has only the latter, and starts again.
        progress: Whether to show a progress bar on stderr.
        epoch_done: Called with the mean reward of every epoch.

    Raises:
        UserError: The strategy does not search the space, the search is too short, a checkpoint is
            damaged, or a file cannot be written.
    """
    check_strategy(task.space, strategy)
    check_epochs(strategy, task.settings.epochs)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    declared = ONE_SHOT_STRATEGIES.get(strategy)
    if not declared.trains:
        result = _select(declared.make(task.settings), task, seed, progress)
    else:
        result = _train(declared, task, seed, out, progress, epoch_done)
    if out is not None:
        write_files(out, task, strategy, seed, result)
    return result


def _select(
    search: TrainingFreeSearch, task: OneShotTask, seed: int, progress: bool
) -> OneShotResult:
    with seeded(seed):
        found = search.select(task, seed, progress=progress)
    return OneShotResult(found.architecture, None, (), found.measured)


def _train(
    declared: type[OneShotStrategy],
    task: OneShotTask,
    seed: int,
    out: Path | None,
    progress: bool,
    epoch_done: EpochDone,
) -> OneShotResult:
    with seeded(seed):
        trained = declared.make(task.settings)
        module, rewards = fit(task, trained, seed, out, progress=progress, epoch_done=epoch_done)
    with seeded(seed):  # independent of the draws before an interruption
        count = task.settings.candidates if declared.samples else 1
        return _best(task, module, _proposals(trained, count), tuple(rewards))


def _proposals(strategy: Any, count: int) -> list[dict[str, Any]]:
    """Return samples of the trained strategy.

    NNI's `list_models` would first give ENAS a new, untrained policy.
    """
    return [strategy.oneshot_module.export() for _ in range(count)]


def _best(
    task: OneShotTask, module: Any, samples: list[dict[str, Any]], rewards: tuple[Reward, ...]
) -> OneShotResult:
    architectures = dict.fromkeys(module.model.choices.from_sample(sample) for sample in samples)
    results = {each: task.measure(module, each) for each in architectures}
    best = max(results, key=lambda each: results[each].reward)
    return OneShotResult(best, results[best], rewards)
