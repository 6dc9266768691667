"""The public API: everything that the command does, as one call each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, load
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.policies import OnMissing, RunSelection
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.compare import Comparison, Progress, run_comparison
from nni_nlp_bench.strategies.configs import StrategyConfig, StrategyLike
from nni_nlp_bench.strategies.equal_cost import budget_of, cost_of, is_multi_fidelity, with_limits
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, run_search
from search_spaces.base import SPACES, SearchSpace

if TYPE_CHECKING:
    import pandas as pd

    from nni_nlp_bench.one_shot.result import OneShotResult
    from nni_nlp_bench.reports.comparison import ComparisonResult
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.log import Curves


def search(
    benchmark: Benchmark | str,
    strategy: StrategyLike = "regularized_evolution",
    *,
    n_trials: int | None = 100,
    n_epochs: int | None = None,
    n_hours: float | None = None,
    seed: int = 0,
    n_workers: int = 1,
    restrict: bool | None = None,
    on_missing: OnMissing = "error",
    run_selection: RunSelection = "first",
    warm_start: str | None = None,
    journal: str | Path | None = None,
    callback: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Run one search on a benchmark.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        strategy: A name, a subclass of `Strategy`, or either of them with a dict of options.
        n_trials: Number of evaluations; None for no limit.
        n_epochs: Number of epochs of all trainings together; None for no limit.
        n_hours: Simulated hours; None for no limit.
        seed: Seed of the strategy.
        n_workers: Number of simulated trainings at a time.
        restrict: Whether to propose only architectures of the table; by default if `on_missing`
            is "error" and the benchmark is a table.
        on_missing: What answers for an architecture that the table lacks: "error", "surrogate"
            (a model fitted to the table) or "nearest" (the nearest architecture of the table).
        run_selection: Which run of an architecture counts: "first", "random" (by `seed`) or "mean".
        warm_start: Zero-cost score; random architectures are the best of ten by it.
        journal: File from which an interrupted search is resumed; None for none.
        callback: Called after each evaluation.

    Returns:
        The trials, and the best of them.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.

    >>> result = search("nas-bench-nlp/ptb-surrogate", "random", n_trials=10, seed=0)
    >>> round(result.best_loss, 2) < 6
    True
    """
    bench = _loaded(benchmark)
    settings = _settings(n_trials, n_epochs, n_hours, n_workers, on_missing, run_selection)
    config = StrategyConfig.of(strategy)
    return run_search(
        bench,
        Search(config, seed, settings, restrict, warm_start),
        surrogate=_surrogate(bench, on_missing),
        journal_path=None if journal is None else Path(journal),
        on_trial=callback,
    )


def compare(
    benchmark: Benchmark | str,
    strategies: Iterable[StrategyLike | StrategyConfig],
    *,
    n_trials: int | None = 100,
    n_epochs: int | None = None,
    n_hours: float | None = None,
    seeds: int | Iterable[int] = 10,
    n_workers: int = 1,
    restrict: bool | None = None,
    on_missing: OnMissing = "error",
    run_selection: RunSelection = "first",
    warm_start: str | None = None,
    out: str | Path | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> ComparisonResult:
    """Compare strategies on a benchmark, each with every seed.

    If one of several strategies asks for shorter trainings and no other limit is given, every
    search may spend the cost of `n_trials` full trainings: hours if the table records times, else
    epochs.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        strategies: Names, subclasses of `Strategy`, or pairs of either and a dict of options.
        n_trials, n_epochs, n_hours, n_workers, restrict, on_missing, run_selection, warm_start:
            As in `search`, for each search.
        seeds: Seeds, or how many from 0 on.
        out: Folder for trials.csv, summary.csv, best.json, curve.png, and the journals from which
            an interrupted comparison is resumed; None to write nothing.
        n_jobs: Number of searches at a time; above 1 each runs in a process of its own.
        progress: Called with a strategy, its seed, and the share of the budget used, 0 to 1.

    Returns:
        The searches, their ranking, plot and report.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.reports.comparison import ComparisonResult

    bench = _loaded(benchmark)
    settings = _settings(n_trials, n_epochs, n_hours, n_workers, on_missing, run_selection)
    comparison = Comparison(
        strategies=tuple(map(StrategyConfig.of, strategies)),
        seeds=tuple(range(seeds) if isinstance(seeds, int) else seeds),
        settings=settings,
        restrict=restrict,
        warm_start=warm_start,
    )
    comparison.check(bench)
    comparison, budget = _at_equal_cost(bench, comparison)

    def run(journals: Path | None) -> ComparisonResult:
        results = run_comparison(
            bench, comparison, journals=journals, n_jobs=n_jobs, progress=progress
        )
        return ComparisonResult(bench, tuple(results), budget)

    if out is None:
        return run(None)
    folder = Path(out)
    with locked_output_dir(folder, comparison.to_dict(bench), "a search"):
        result = run(folder / "journals")
        result.save(folder)
    return result


def make_strategy(
    strategy: StrategyLike, space: SearchSpace[Any], *, seed: int = 0, epochs: int | None = None
) -> Strategy:
    """Return a strategy, ready to ask and tell.

    Args:
        strategy: A name, a subclass of `Strategy`, or either of them with a dict of options.
        space: The space that it searches.
        seed: Seed of its random generator.
        epochs: Epochs of a full training, for strategies that ask for shorter ones too.

    Raises:
        UserError: The strategy is unknown, cannot run here, or refuses an option.

    >>> strategy = make_strategy("random", get_space("rnn_cell"), seed=0)
    >>> proposal = strategy.ask()
    >>> strategy.tell(proposal, -4.5)
    """
    config = StrategyConfig.of(strategy)
    if epochs is None and is_multi_fidelity(config):
        raise UserError(f"strategy {config.name!r} asks for shorter trainings too: give epochs")
    return config.make(space, np.random.default_rng(seed), epochs or 1)


def score(
    architectures: Any | Sequence[Any],
    scores: str | Sequence[str],
    *,
    space: str = "rnn_cell",
    corpus: str = "pydoc",
    seed: int = 0,
    **settings: Any,
) -> pd.DataFrame:
    """Compute zero-cost scores of untrained networks.

    Args:
        architectures: One architecture or a sequence of them.
        scores: Names of scores of the space.
        space: Name of the search space.
        corpus: Name of a corpus, or a folder with train, valid and test texts.
        seed: Seed of the weights and of added noise.
        **settings: Other fields of the space's scoring, such as `columns` and `steps`.

    Returns:
        One row per architecture and one column per score, indexed by canonical key.

    Raises:
        UserError: A name or a setting cannot be used.
    """
    import pandas as pd

    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.zero_cost.task import scoring_of

        names = (scores,) if isinstance(scores, str) else tuple(scores)
        scoring = scoring_of(space)(names, corpus, seed=seed, **settings)
        many = architectures if isinstance(architectures, Sequence) else [architectures]
        rows = [scoring.of(architecture.to_json()) for architecture in many]
    keys = pd.Index([architecture.canonical_key for architecture in many], name="canonical_key")
    return pd.DataFrame(rows, index=keys)


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
    """Search by training one network whose parts all architectures share.

    Args:
        space: Name of the search space.
        strategy: Name of a one-shot strategy that searches it.
        data: For enas_cell a corpus, for other spaces labelled sentences: a name, or a folder.
        vectors: Word vectors for sentences: a file or a name; None for random ones.
        teacher: Teacher for sentences whose tokens and vectors are used: a name or a folder.
        kd_loss: Distillation loss of `kd_emd`.
        seed: Seed of the weights and the samples.
        out: Folder for checkpoints, from which the search is resumed, logs and results.
        **settings: Fields of the space's settings, such as `epochs`, `width` or `batch_size`.

    Returns:
        The architecture that was found, its metrics on the validation part, and all rewards.

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


def train_language_model(
    architecture: Any,
    corpus: str,
    *,
    embedding: int = 400,
    hidden: int = 600,
    layers: int = 3,
    out: str | Path | None = None,
    device: str = "cpu",
    **settings: Any,
) -> Curves:
    """Train the language model of a recurrent cell.

    Args:
        architecture: A cell of rnn_cell or enas_cell.
        corpus: Name of a corpus, or a folder with train, valid and test texts.
        embedding: Width of the embedding and of the last layer.
        hidden: Width of the other layers.
        layers: Number of recurrent layers.
        out: Folder for the log and the checkpoint from which the training is resumed.
        device: Torch device.
        **settings: Other fields of `training.settings.Settings`, such as `epochs` or `seed`.

    Returns:
        Losses in nats per token, and times, epoch by epoch.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.data.corpora import load_corpus
        from nni_nlp_bench.training.run import train
        from nni_nlp_bench.training.settings import Settings as TrainingSettings
        from nni_nlp_bench.training.settings import Sizes

        folder = None if out is None else Path(out)
        schedule = TrainingSettings(sizes=Sizes(embedding, hidden, layers), **settings)
        return train(architecture, load_corpus(corpus), schedule, folder, device=device)


def train_classifier(
    architecture: Any,
    data: str,
    *,
    space: str = "textnas",
    vectors: str | None = None,
    teacher: str | None = None,
    kd_loss: str = "emd",
    kd_weight: float | None = None,
    out: str | Path | None = None,
    device: str = "cpu",
    **options: Any,
) -> ClassifierCurves:
    """Train the classifier of an architecture on labelled sentences.

    Args:
        architecture: An architecture of textnas, emd_cell or encoder.
        data: Name of labelled sentences, or a folder.
        space: Name of the architecture's space.
        vectors: Word vectors: a file or a name; None for random ones.
        teacher: Teacher to distil from: a name or a folder; None for none.
        kd_loss: Distillation loss.
        kd_weight: Weight of the distillation loss; None for the published one.
        out: Folder for the checkpoint from which the training is resumed, and the curves.
        device: Torch device.
        **options: Options of the space's networks and fields of `ClassifierSettings`.

    Returns:
        Losses in nats per sentence, accuracies, and times, epoch by epoch.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.distillation.inputs import classifier_task, load_sentences
        from nni_nlp_bench.training.classification.run import train_classifier as run_training

        words = load_sentences(data, vectors, teacher, options.get("seed", 0))
        task = classifier_task(
            architecture,
            words,
            space,
            options,
            kd_loss=None if teacher is None else kd_loss,
            kd_weight=kd_weight,
            device=device,
        )
        task.prepare()
        return run_training(task, None if out is None else Path(out))


def list_spaces() -> list[str]:
    """Return the names of all search spaces."""
    return list(SPACES)


def list_benchmarks() -> list[str]:
    """Return the names of all benchmarks, downloaded or not."""
    return list(BENCHMARKS)


def list_strategies() -> list[str]:
    """Return the names of all strategies, whether they can run here or not."""
    return list(STRATEGIES)


def list_one_shot_strategies(space: str | None = None) -> list[str]:
    """Return the names of all one-shot strategies, or of those that search the space."""
    from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, strategies_of

    return list(ONE_SHOT_STRATEGIES) if space is None else strategies_of(space)


def list_scores(space: str = "rnn_cell") -> list[str]:
    """Return the names of the zero-cost scores of a space. Raises UserError if it has none."""
    from nni_nlp_bench.zero_cost.registry import scores_of

    return list(scores_of(space))


def list_corpora() -> list[str]:
    """Return the names of all corpora for language models."""
    from nni_nlp_bench.data.corpora import CORPORA

    return list(CORPORA)


def list_datasets() -> list[str]:
    """Return the names of all sets of labelled sentences."""
    from nni_nlp_bench.data.sentences.sets import LABELLED_SETS

    return list(LABELLED_SETS)


def list_distillation_losses() -> list[str]:
    """Return the names of all distillation losses."""
    from nni_nlp_bench.distillation.losses.registry import LOSSES

    return list(LOSSES)


def _loaded(benchmark: Benchmark | str) -> Benchmark:
    return load(benchmark) if isinstance(benchmark, str) else benchmark


def _settings(
    n_trials: int | None,
    n_epochs: int | None,
    n_hours: float | None,
    n_workers: int,
    on_missing: OnMissing,
    run_selection: RunSelection,
) -> Settings:
    budget = Budget(n_trials, n_epochs, n_hours)
    return Settings(
        on_missing=on_missing, run_selection=run_selection, workers=n_workers, budget=budget
    )


def _surrogate(benchmark: Benchmark, on_missing: OnMissing) -> Benchmark | None:
    if on_missing != "surrogate":
        return None
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

    return surrogate_of(benchmark)


def _at_equal_cost(benchmark: Benchmark, comparison: Comparison) -> tuple[Comparison, str]:
    """The comparison, with a budget of equal cost if its trainings differ in length; the budget
    in words."""
    from dataclasses import replace

    configs, budget = comparison.strategies, comparison.settings.budget
    n_trials = budget.evaluations
    mixed = len(configs) > 1 and any(map(is_multi_fidelity, configs))
    if not mixed or n_trials is None or budget != Budget(n_trials):
        return comparison, str(budget)
    equal = budget_of(cost_of(benchmark, n_trials), benchmark.epochs)
    equal_comparison = replace(
        comparison,
        strategies=with_limits(configs, n_trials),
        settings=replace(comparison.settings, budget=equal),
    )
    return equal_comparison, f"{equal}, the cost of {n_trials:,} full trainings,"
