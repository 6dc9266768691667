"""Models of a user's own texts: `automl`, `training_benchmark`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nni_nlp_bench.automl.result import AutoMLResult
    from nni_nlp_bench.automl.settings import Objective
    from nni_nlp_bench.benchmarks.training import TrainingBenchmark
    from search_spaces.base import SearchSpace

AUTO: Literal["auto"] = "auto"


def automl(
    source: str | Path,
    out: str | Path,
    *,
    text: str | None = None,
    label: str | None = None,
    pair: str | None = None,
    time_s: float = 1800.0,
    objective: Objective = "accuracy",
    spaces: Sequence[str] | None = None,
    strategy: str = "asha",
    warm_start: str | None = None,
    encoder: str | None = AUTO,
    vectors: str | None = AUTO,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> AutoMLResult:
    """Find and train a text classifier for labelled texts.

    Baselines come first, then the fine-tuning of a small pretrained encoder, and a search for an
    architecture. The best model by the objective is trained on train and dev, evaluated on test
    and saved.

    >>> import nni_nlp_bench as nb
    >>> result = nb.automl("reviews.csv", "runs/reviews", time_s=600)   # doctest: +SKIP
    >>> result.model.predict(["A film to remember."])[0].label          # doctest: +SKIP
    'positive'

    Args:
        source: A file (.csv, .tsv, .jsonl, .parquet), a folder with train, dev and test,
            `datasets:NAME`, or the name of a labelled set.
        out: Output folder; the same call resumes an interrupted run in it.
        text: Column of the text; None to find it.
        label: Column of the label; None to find it.
        pair: Column of the second text of sentence pairs; None if there is none.
        time_s: Seconds that it may take.
        objective: `accuracy`, `macro_f1`, or `smallest` or `fastest` within one point of the
            highest accuracy.
        spaces: Names of the spaces that are searched; None for the usual ones.
        strategy: Strategy of the searches.
        warm_start: Zero-cost score; random architectures of a search are the best of ten by it.
        encoder: Pretrained encoder: a name or a folder; None for none, `auto` for the one of the
            extra `distillation` if it is installed.
        vectors: Word vectors without an encoder: a name or a file; None for random ones, `auto`
            for those of the extra `vectors` if it is installed.
        seed: Seed of weights, samples and searches.
        device: Torch device.
        threads: Number of CPU threads of a training; None to measure how many are fastest, or for
            one in several processes.
        workers: Number of local processes that train at the same time, or of jobs of a batch
            system; None for one training after another in this process.
        scheduler: Dask scheduler such as `tcp://host:8786` whose workers train, or a batch system
            such as `slurm`; None for this machine.
        progress: Called with what is done now, and the share of it that is done.

    Returns:
        The leaderboard, the evaluation on the test set, and the model.

    Raises:
        UserError: The texts cannot be used, or a file cannot be written.
    """
    from nni_nlp_bench.automl import settings as defaults
    from nni_nlp_bench.core.extras import optional_imports
    from nni_nlp_bench.data.sentences.preparation import prepare_labelled

    settings = defaults.AutoMLSettings(
        time_s=time_s,
        objective=objective,
        spaces=defaults.SPACES if spaces is None else tuple(spaces),
        strategy=strategy,
        warm_start=warm_start,
        encoder=defaults.installed_encoder() if encoder == AUTO else encoder,
        vectors=defaults.installed_vectors() if vectors == AUTO else vectors,
        seed=seed,
        device=device,
        threads=threads,
    )
    prepared = prepare_labelled(str(source), text=text, label=label, pair=pair)
    with optional_imports():
        from nni_nlp_bench.automl.run import run_automl
        from nni_nlp_bench.parallel.execution import execution_on

        show = progress or (lambda what, share: None)
        with execution_on(scheduler, workers, "nni_nlp_bench.automl.fit") as execution:
            return run_automl(prepared, settings, Path(out), show, execution)


def training_benchmark(
    data: str | Path,
    space: str | SearchSpace[Any] = "textnas",
    *,
    label: str | None = None,
    text: str | None = None,
    pair: str | None = None,
    vectors: str | None = None,
    teacher: str | None = None,
    kd_loss: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    **options: Any,
) -> TrainingBenchmark:
    """Return a benchmark that trains every architecture that is queried, on labelled texts.

    Searches minimise the error on the dev set in percent; hours are those of the trainings.

    >>> import nni_nlp_bench as nb
    >>> bench = nb.training_benchmark("docstrings", "emd_cell", width=8, epochs=2)  # doctest: +SKIP
    >>> nb.search(bench, "random", n_trials=5).best_architecture                    # doctest: +SKIP

    Args:
        data: A file, a folder with train, dev and test, `datasets:NAME`, or the name of a set.
        space: A space of sentence classifiers, or its name.
        label: Column of the label; None to find it.
        text: Column of the text; None to find it.
        pair: Column of the second text of sentence pairs; None if there is none.
        vectors: Word vectors: a file or a name; None for random ones.
        teacher: Teacher whose tokens and vectors are used: a name or a folder; None for none.
        kd_loss: Distillation loss, with a teacher; None for none.
        device: Torch device.
        threads: Number of threads; None for one for a small network, else one per available CPU.
        **options: Options of the space's networks, and fields of `ClassifierSettings` such as
            `epochs`.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.errors import UserError
    from nni_nlp_bench.core.extras import optional_imports
    from nni_nlp_bench.data.sentences.preparation import prepare_labelled
    from search_spaces.registry import get_space

    if kd_loss is not None and teacher is None:
        raise UserError("a distillation loss requires a teacher")
    with optional_imports():
        from nni_nlp_bench.benchmarks.training import TrainingBenchmark
        from nni_nlp_bench.distillation.inputs import embedded
        from nni_nlp_bench.training.classification.network import sentence_space
        from nni_nlp_bench.training.classification.settings import ClassifierSettings
        from nni_nlp_bench.training.classification.task import split_options

        found = get_space(space) if isinstance(space, str) else space
        sizes, schedule = split_options(sentence_space(found.name), options)
        settings = ClassifierSettings(**schedule)
        prepared = prepare_labelled(str(data), text=text, label=label, pair=pair)
        words = embedded(prepared.data, vectors, teacher, settings.seed)
        return TrainingBenchmark(
            words, found, settings, sizes, kd_loss=kd_loss, device=device, threads=threads
        )
