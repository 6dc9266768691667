"""Networks: zero-cost scores and training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.latency import Latency
    from nni_nlp_bench.training.log import Curves
    from search_spaces.base import SearchSpace


def score(
    architectures: Any | Sequence[Any],
    scores: str | Sequence[str],
    *,
    space: str = "rnn_cell",
    corpus: str | None = None,
    data: str | None = None,
    seed: int = 0,
    **settings: Any,
) -> pd.DataFrame:
    """Compute zero-cost scores of untrained networks.

    Args:
        architectures: One architecture or a sequence of them.
        scores: Names of scores of the space.
        space: Name of the search space.
        corpus: Name of a corpus, or a folder with train, valid and test texts; None for `pydoc`.
        data: Labelled texts for textnas and emd_cell, in place of a corpus: a name, a file or a
            folder; None for `docstrings`.
        seed: Seed of the weights, of added noise, and of the choice of labelled texts.
        **settings: Other fields of the space's scoring, such as `columns` and `steps`; for textnas
            and emd_cell also `vectors`, and `options` of the network such as `{"width": 64}`.

    Returns:
        One row per architecture and one column per score, indexed by canonical key.

    Raises:
        UserError: A name or a setting cannot be used.
    """
    import pandas as pd

    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SPACES
        from nni_nlp_bench.zero_cost.task import make_scoring

        names = (scores,) if isinstance(scores, str) else tuple(scores)
        if corpus is None and data is None:
            corpus, data = (None, "docstrings") if space in SENTENCE_SPACES else ("pydoc", None)
        scoring = make_scoring(space, names, corpus, data, seed=seed, **settings)
        many = architectures if isinstance(architectures, Sequence) else [architectures]
        rows = [scoring.of(architecture.to_json()) for architecture in many]
    keys = pd.Index([architecture.canonical_key for architecture in many], name="canonical_key")
    return pd.DataFrame(rows, index=keys)


def evaluate_scores(
    benchmark: Benchmark | str, scores: pd.DataFrame, *, size: str = "parameters"
) -> pd.DataFrame:
    """Return how well zero-cost scores rank the trainings of a table, beside sizes alone.

    >>> import nni_nlp_bench as nb
    >>> bench = nb.load("mini")
    >>> scores = nb.score(bench.architectures()[:50], "miniature_recall")
    >>> nb.evaluate_scores(bench, scores).columns.to_list()
    ['tau', 'close_pairs', 'trainings', 'pairs']

    Args:
        benchmark: A table of measured results, its name or its folder.
        scores: What `score` returned, or the file that the command `score` wrote.
        size: Descriptor of the space that counts the parameters.

    Returns:
        One row per score and per descriptor of the architectures. `tau` is Kendall's with the
        negated losses, `equal_depth` the same over pairs with equally many layers, `close_pairs`
        the share of pairs within 10 % of parameters that are ordered correctly (.5 is chance).

    Raises:
        UserError: The benchmark is no table, or has none of the architectures.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.reports.score_ranking import evaluate_scores as evaluate

    return evaluate(load(benchmark) if isinstance(benchmark, str) else benchmark, scores, size)


def maximize_nsc(space: SearchSpace[Any] | str, max_parameters: int) -> Any:
    """Return the transformer of the highest Neural Spectral Capacity under a parameter budget.

    The result is exact, by dynamic programming over the layers, and takes seconds: no network is
    built, nothing is trained. Nothing says that it is the best one after training; docs/encoder.md
    has how well NSC ranks.

    >>> import nni_nlp_bench as nb
    >>> nb.maximize_nsc("encoder", 6_000_000).hidden_size
    256

    Args:
        space: A space of transformers, or its name.
        max_parameters: Budget, embeddings included, at the space's default sizes.

    Raises:
        UserError: The space has no NSC, or no architecture is so small.
    """
    from nni_nlp_bench.zero_cost.maximize_nsc import maximize_nsc as maximize
    from search_spaces.registry import get_space

    return maximize(get_space(space) if isinstance(space, str) else space, max_parameters)


def measure_latency(
    architecture: Any, *, space: str | SearchSpace[Any] = "rnn_cell", **settings: Any
) -> Latency:
    """Measure the forward pass of an untrained network on this machine.

    Args:
        architecture: The architecture.
        space: Its search space, or the name of it.
        **settings: Fields of `LatencySettings`, such as `batch`, `length`, `repeats`, `threads`.

    Returns:
        The median and quartiles in milliseconds.

    Raises:
        UserError: A setting cannot be used, or the space has no networks.
    """
    from nni_nlp_bench.core.extras import optional_imports
    from search_spaces.registry import get_space

    with optional_imports():
        from nni_nlp_bench.training.latency import LatencySettings
        from nni_nlp_bench.training.latency import measure_latency as measure

        found = get_space(space) if isinstance(space, str) else space
        return measure(found, architecture, LatencySettings(**settings))


def train_language_model(
    architecture: Any,
    corpus: str,
    *,
    embedding: int | None = None,
    hidden: int | None = None,
    layers: int | None = None,
    out: str | Path | None = None,
    device: str = "cpu",
    threads: int | None = None,
    time_s: float | None = None,
    **settings: Any,
) -> Curves:
    """Train the language model of a recurrent cell or a decoder.

    Args:
        architecture: A cell of rnn_cell or enas_cell, or a decoder of lts, which has its own sizes.
        corpus: Name of a corpus, or a folder with train, valid and test texts.
        embedding: Cells: width of the embedding and of the last layer; None for 400.
        hidden: Cells: width of the other layers; None for 600.
        layers: Cells: number of recurrent layers; None for 3.
        out: Folder for the log, the checkpoint from which the training is resumed, and the folder
            `model` for `load_model`; None for no files.
        device: Torch device.
        threads: Number of threads; None for one for a small network, else one per available CPU;
            with `time_s` for the fastest by measurement.
        time_s: Seconds that the training may take: it ends after the last epoch that fits; None for
            no limit.
        **settings: Other fields of `training.settings.Settings`, such as `epochs` or `seed`.

    Returns:
        Losses in nats per token, and times, epoch by epoch.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.data.corpora import load_corpus
        from nni_nlp_bench.models.training import train_language_model as train
        from nni_nlp_bench.training.models import settings_for

        folder = None if out is None else Path(out)
        schedule = settings_for(
            architecture, embedding=embedding, hidden=hidden, layers=layers, **settings
        )
        return train(
            architecture,
            load_corpus(corpus),
            schedule,
            folder,
            device=device,
            threads=threads,
            time_s=time_s,
        )


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
    threads: int | None = None,
    time_s: float | None = None,
    **options: Any,
) -> ClassifierCurves:
    """Train the classifier of an architecture on labelled sentences.

    Args:
        architecture: An architecture of textnas, emd_cell or encoder.
        data: Name, file or folder of labelled sentences.
        space: Name of the architecture's space.
        vectors: Word vectors: a file or a name; None for random ones.
        teacher: Teacher to distil from: a name or a folder; None for none.
        kd_loss: Distillation loss.
        kd_weight: Weight of the distillation loss; None for the published one.
        out: Folder for the checkpoint from which the training is resumed, the curves, and the
            folder `model` for `load_model`; None for no files.
        device: Torch device.
        threads: Number of threads; None for one for a small network, else one per available CPU;
            with `time_s` for the fastest by measurement.
        time_s: Seconds that the training may take: it has fewer epochs than those of the settings
            if necessary, and if not even one fits fewer texts; None for no limit.
        **options: Options of the space's networks and fields of `ClassifierSettings`.

    Returns:
        Losses in nats per sentence, accuracies, and times, epoch by epoch.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        from nni_nlp_bench.distillation.inputs import classifier_task, load_sentences
        from nni_nlp_bench.models.training import train_classifier as run_training
        from nni_nlp_bench.training.classification.timed import timed

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
        folder = None if out is None else Path(out)
        training = timed(task, time_s, folder, threads)
        return run_training(training.task, folder, threads=training.threads, stop=training.stop)
