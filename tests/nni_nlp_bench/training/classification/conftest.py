"""Sentences that are learned in seconds."""

from __future__ import annotations

import pytest

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.training.classification.words import EmbeddedDataset


@pytest.fixture
def words(made_up_set: LabelledSet) -> EmbeddedDataset:
    """With drawn vectors of 16 numbers."""
    return EmbeddedDataset.of(made_up_set, width=16)
