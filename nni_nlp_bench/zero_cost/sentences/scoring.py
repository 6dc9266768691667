"""Configuration of the zero-cost scores of sentence classifiers. Importing it imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.training.settings import check_counts, check_seed
from nni_nlp_bench.zero_cost.scoring import BaseScoring
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SCORES
from search_spaces.registry import get_space
from search_spaces.sentence_space import SentenceSpace

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.words import EmbeddedDataset
    from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics

TEXTS, LENGTH = 32, 64
"""Default number of texts, and of words at which they are cut."""


@dataclass(frozen=True, slots=True)
class SentenceScoring(BaseScoring):
    """Configuration of the scores of sentence classifiers: names, network, texts and seed.

    The texts are a random batch of the training set, of similar lengths.
    """

    data: str
    """Name, file or folder of labelled texts on the machine that computes the scores."""
    space: str
    """Name of the search space."""
    vectors: str | None = None
    """Word vectors: a file or a name; None for random ones."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the space's networks, such as `width`."""
    columns: int = TEXTS
    """Number of texts."""
    steps: int = LENGTH
    """Words of a text that are read."""
    seed: int = 0
    """Seed of the weights, of random vectors and of the choice of the texts."""

    def __post_init__(self) -> None:
        self._scores()
        check_counts(self, "columns", "steps")
        check_seed(self.seed)
        known = cast(SentenceSpace, get_space(self.space)).classifier_options
        if unknown := [name for name in self.options if name not in known]:
            allowed = ", ".join(known)
            raise UserError(f"networks of {self.space} have no {unknown[0]!r}, only {allowed}")

    @property
    def digest(self) -> str:
        """Checksum of the labelled texts. Raises UserError."""
        return load_labelled_set(self.data).digest

    def _scores(self) -> Mapping[str, Any]:
        return {name: SENTENCE_SCORES.get(name) for name in self.scores}

    def _parse(self, text: str) -> Any:
        return get_space(self.space).parse(text)

    def _statistics(self, architecture: Any) -> SentenceStatistics:
        texts = _load_texts(self.data, self.vectors, self.columns, self.steps, self.seed)
        return texts.statistics(self.space, architecture, self.options)


@dataclass(frozen=True)
class SampledTexts:
    """A random batch of labelled texts that networks are scored on.

    Args:
        words: Labelled texts with word vectors.
        columns: Number of texts.
        steps: Words of a text that are read.
        seed: Seed of the choice of the texts, and of the weights of the networks.
    """

    words: EmbeddedDataset
    columns: int = TEXTS
    steps: int = LENGTH
    seed: int = 0

    def statistics(
        self, space: str, architecture: Any, options: Mapping[str, Any]
    ) -> SentenceStatistics:
        """Return the statistics of an untrained network with these options."""
        from nni_nlp_bench.training.classification.network import NetworkSpec
        from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics

        sizes = self.words.matrix.shape[1], len(self.words.data.labels)
        spec = NetworkSpec(space, architecture, *sizes, options)
        return SentenceStatistics(spec, self._batch, self.seed)

    @cached_property
    def _batch(self) -> Any:
        from nni_nlp_bench.zero_cost.sentences.statistics import TextBatch

        return TextBatch.of(self.words, self.columns, self.steps, self.seed)


@dataclass(frozen=True)
class SentenceScorer:
    """Callable that scores architectures on texts: higher is better, NaN if undefined.

    Args:
        score: Name of the score.
        space: Name of the search space.
        texts: The batch of texts.
        options: Options of the space's networks.

    Raises:
        UnknownNameError: No score has that name.
    """

    score: str
    space: str
    texts: SampledTexts
    options: Mapping[str, Any]

    def __post_init__(self) -> None:
        SENTENCE_SCORES.get(self.score)

    def __call__(self, architecture: Any) -> float:
        """Return the score, negated if lower is better."""
        from nni_nlp_bench.training.threads import torch_threads

        score = SENTENCE_SCORES.get(self.score)
        with torch_threads(1, 0):
            found = score.of(self.texts.statistics(self.space, architecture, self.options))
        return found if score.higher_is_better else -found


@cache
def _load_texts(
    data: str, vectors: str | None, columns: int, steps: int, seed: int
) -> SampledTexts:
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

    return SampledTexts(EmbeddedDataset.load(data, vectors, seed), columns, steps, seed)
