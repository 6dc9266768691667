"""Names of components."""

from __future__ import annotations

from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS
from nni_nlp_bench.strategies.registry import STRATEGIES
from search_spaces.registry import SPACES


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
