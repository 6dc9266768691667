"""One-shot searches with several seeds, each in a process of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.environment import available_cpus
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.one_shot.files import BEST, settings_of
from nni_nlp_bench.one_shot.inputs import OneShotInputs, make_task
from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES
from nni_nlp_bench.one_shot.seeds import SeedsResult, read_seeds, seed_folder
from nni_nlp_bench.one_shot.task import OneShotTask
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.map import map_unordered
from nni_nlp_bench.parallel.shared_folder import shared_folder


@dataclass(frozen=True, slots=True)
class OneShotSearch:
    """Configuration of a one-shot search, without the seed.

    Attributes:
        space: Name of the search space.
        strategy: Name of a one-shot strategy that searches it.
        inputs: Data, word vectors and teacher.
        settings: Fields of the space's settings, such as `epochs` and `width`.
    """

    space: str
    strategy: str
    inputs: OneShotInputs
    settings: Mapping[str, Any]

    def task(self, seed: int, progress: Progress = no_progress) -> OneShotTask:
        """Return the task of a seed. Raises UserError."""
        return make_task(self.space, self.strategy, self.inputs, self.settings, seed, progress)

    def identity(self, task: OneShotTask) -> dict[str, Any]:
        """Return what the searches of all seeds share; there may be more seeds later."""
        return {
            "space": self.space,
            "strategy": self.strategy,
            "inputs": {**asdict(self.inputs), "digest": task.metadata()["digest"]},
            "settings": asdict(task.settings),
        }


@dataclass(frozen=True, slots=True)
class _Job:
    """The search with one seed."""

    search: OneShotSearch
    seed: int
    folder: Path
    """Folder that relative names of data are in."""
    out: Path


def search_seeds(
    search: OneShotSearch,
    task: OneShotTask,
    seeds: Sequence[int],
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> SeedsResult:
    """Run a one-shot search with each seed, and write their summary.

    Each search writes into `out/seed-SEED` what the same search alone with one thread writes. The
    same call resumes: complete searches are not repeated, and others go on from their checkpoint,
    as does a search whose worker was killed.

    Args:
        search: Space, strategy, data and settings.
        task: Task of one of the seeds, prepared.
        seeds: Distinct seeds.
        out: Output folder, which all workers must share.
        workers: Number of local processes, or of jobs; None for one per CPU.
        scheduler: What `cluster` takes; None for processes on this machine.
        progress: Called with the number of complete searches and the total.

    Raises:
        ParallelError: Searches failed; all others are complete.
        UserError: The folder is used by another process or search, or the cluster cannot be used.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError("the seeds must be distinct, and at least one")
    with locked_output_dir(out, search.identity(task), "searches with several seeds"):
        missing = [seed for seed in seeds if not (seed_folder(out, seed) / BEST).exists()]
        done = len(seeds) - len(missing)
        progress(done, len(seeds))
        if missing:
            if scheduler is None:
                workers = min(workers or available_cpus(), len(missing))
            # Small arguments, and no shared one: Dask moves waiting tasks to workers that are free.
            jobs = [_Job(search, seed, Path.cwd(), out.absolute()) for seed in missing]
            with cluster(scheduler, workers) as client:
                for _ in map_unordered(client, _search, jobs, _name):
                    done += 1
                    progress(done, len(seeds))
        trains = ONE_SHOT_STRATEGIES.get(search.strategy).trains
        result = read_seeds(out, task, search.strategy, trains, seeds)
        result.save()
    return result


def _name(job: _Job) -> str:
    return f"seed {job.seed}"


def _search(job: _Job) -> None:
    """Run or resume a search on a worker."""
    from nni_nlp_bench.training.memory import disable_malloc_trim

    out, strategy = seed_folder(job.out, job.seed), job.search.strategy
    with shared_folder(job.folder, job.out), warnings.catch_warnings():
        if (out / BEST).exists():  # the worker was killed after the search
            return
        warnings.simplefilter("ignore", FutureWarning)  # from Lightning's use of torch
        task = job.search.task(job.seed)
        from nni_nlp_bench.one_shot.search import search_one_shot

        disable_malloc_trim()
        task.prepare()
        with locked_output_dir(out, settings_of(task, strategy, job.seed), "a search"):
            search_one_shot(task, strategy, job.seed, out)
