"""Sentences that are learned in seconds."""

from __future__ import annotations

import pytest

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.training.classification.words import EmbeddedDataset


@pytest.fixture
def words(synthetic_set: LabelledSet) -> EmbeddedDataset:
    """With drawn vectors of 16 numbers."""
    return EmbeddedDataset.of(synthetic_set, width=16)
