"""One-shot search, with one seed or several."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni_nlp_bench.one_shot.result import OneShotResult
    from nni_nlp_bench.one_shot.seeds import SeedsResult


def one_shot_search(
    space: str,
    strategy: str,
    *,
    data: str,
    vectors: str | None = None,
    teacher: str | None = None,
    kd_loss: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    **settings: Any,
) -> OneShotResult:
    """Search in one network whose parts all architectures share, most strategies by training it.

    Args:
        space: Name of the search space.
        strategy: Name of a one-shot strategy that searches it.
        data: For enas_cell a corpus, for other spaces labelled sentences: a name, a folder, or
            of sentences a file.
        vectors: Word vectors for sentences: a file or a name; None for random ones.
        teacher: Teacher for sentences whose tokens and vectors are used: a name or a folder.
        kd_loss: Distillation loss of `kd_emd`.
        seed: Seed of the weights and the samples.
        out: Folder for checkpoints, from which the search is resumed, logs and results.
        **settings: Fields of the space's settings, such as `epochs`, `width` or `batch_size`.

    Returns:
        The architecture that was found, its metrics on the validation part, and all rewards; of
        `te_nas`, which trains nothing, the criteria of its pruning in place of both.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.one_shot.inputs import OneShotInputs, make_task
        from nni_nlp_bench.one_shot.search import search_one_shot

        inputs = OneShotInputs(data, vectors, teacher, kd_loss)
        task = make_task(space, strategy, inputs, settings, seed)
        task.prepare()
        return search_one_shot(task, strategy, seed, None if out is None else Path(out))


def one_shot_seeds(
    space: str,
    strategy: str,
    data: str,
    out: str | Path,
    *,
    seeds: int | Iterable[int] = 3,
    vectors: str | None = None,
    teacher: str | None = None,
    kd_loss: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    **settings: Any,
) -> SeedsResult:
    """Search a space with shared weights once per seed, each in a process of its own.

    Each search writes into the folder `seed-SEED` what `one_shot_search` with that seed writes
    when torch has one thread. The same call resumes: complete searches are not repeated, others go
    on from their last checkpoint, and there may be more seeds.

    >>> import nni_nlp_bench as nb
    >>> found = nb.one_shot_seeds("textnas", "darts", "trec", "runs/darts")  # doctest: +SKIP
    >>> found.mean, found.std, found.best.architecture                       # doctest: +SKIP

    Args:
        space: Name of the search space.
        strategy: Name of a one-shot strategy that searches it. Arguments that `one_shot_search` has
            too are the same here, for each search.
        data: Corpus or labelled sentences: a name, a folder, or of sentences a file.
        out: Output folder, which all workers must share.
        seeds: Distinct seeds, or how many from 0 on.
        workers: Number of local processes, or of jobs of a batch system; None for one per CPU.
        scheduler: Dask scheduler such as `tcp://host:8786` that runs the searches, or a batch
            system such as `slurm`; None for this machine.

    Returns:
        The result of each seed, their mean and standard deviation, and the best.

    Raises:
        UserError: An argument cannot be used, or searches failed; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.one_shot.inputs import OneShotInputs
        from nni_nlp_bench.parallel.one_shot import OneShotSearch, search_seeds

        inputs = OneShotInputs(data, vectors, teacher, kd_loss)
        search = OneShotSearch(space, strategy, inputs, settings)
        chosen = tuple(range(seeds) if isinstance(seeds, int) else seeds)
        task = search.task(chosen[0] if chosen else 0)
        task.prepare()
        return search_seeds(search, task, chosen, Path(out), workers=workers, scheduler=scheduler)
