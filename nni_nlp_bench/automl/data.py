"""Data of an AutoML run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.sentences.preparation import PreparedData
from nni_nlp_bench.data.sentences.rows import hash_of

MAX_DEV, MAX_TEST = 2_000, 5_000
"""Largest parts of a file that the run splits itself; the other texts are trained on."""
_LENGTHS = (16, 128)
_TOKENS_PER_WORD = 1.3


@dataclass(frozen=True)
class RunData:
    """Texts of a run, and how many words or tokens of each are read."""

    data: LabelledSet
    max_length: int

    @classmethod
    def of(cls, prepared: PreparedData) -> RunData:
        """Return the data of a run.

        Networks read the 95th percentile of the lengths, in tokens, between 16 and 128.
        """
        data = prepared.data
        if prepared.report.seed is not None:
            data = with_smaller_parts(data, MAX_DEV, MAX_TEST)
        length = int(np.ceil(_TOKENS_PER_WORD * prepared.report.lengths.percentile_95)) + 2
        return cls(data, int(np.clip(length, *_LENGTHS)))


def with_smaller_parts(data: LabelledSet, dev: int, test: int) -> LabelledSet:
    """Return the set with at most about so many texts in dev and test, the others in train.

    Equal texts stay in one part; which texts stay does not depend on their order.
    """
    kept_dev, rest_of_dev = _divided(data.dev, dev)
    kept_test, rest_of_test = _divided(data.test, test)
    if not (rest_of_dev or rest_of_test):
        return data
    train = [*data.train, *rest_of_dev, *rest_of_test]
    return LabelledSet.of(
        data.name, data.labels, {"train": train, "dev": kept_dev, "test": kept_test}
    )


def _divided(
    sentences: Sequence[Sentence], most: int
) -> tuple[Sequence[Sentence], Sequence[Sentence]]:
    if len(sentences) <= most:
        return sentences, ()
    ranks = [hash_of(sentence.words) for sentence in sentences]
    bound = sorted(ranks)[most]
    kept = [s for s, rank in zip(sentences, ranks, strict=True) if rank < bound]
    rest = [s for s, rank in zip(sentences, ranks, strict=True) if rank >= bound]
    return kept, rest
