"""The space as categorical choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.encoder import EncoderArchitecture, EncoderError, EncoderLayer, moves
from search_spaces.encoder.choices import EncoderChoices

ENCODER = EncoderArchitecture(
    256, (EncoderLayer("SA", "WMA", 4, 512, 3), EncoderLayer("DSC", 9, 2, 1024, 1))
)


def test_choices_stand_in_the_order_of_the_layers() -> None:
    values = EncoderChoices().categoricals
    assert len(values) == 2 + 4 * 4
    assert [*values][:6] == [
        "hidden_size", "layers", "operation_0", "heads_0", "feed_forward_0", "feed_forwards_0",
    ]  # fmt: skip
    assert values["operation_3"] == ["SA-SDP", "SA-WMA", "LT-DFT", "LT-DCT", "DSC-5", "DSC-9"]


def test_layers_that_are_not_there_have_first_values() -> None:
    sample = EncoderChoices().to_sample(ENCODER)
    assert sample == {
        "hidden_size": 256, "layers": 2,
        "operation_0": "SA-WMA", "heads_0": 4, "feed_forward_0": 512, "feed_forwards_0": 3,
        "operation_1": "DSC-9", "heads_1": 2, "feed_forward_1": 1024, "feed_forwards_1": 1,
        "operation_2": "SA-SDP", "heads_2": 2, "feed_forward_2": 512, "feed_forwards_2": 1,
        "operation_3": "SA-SDP", "heads_3": 2, "feed_forward_3": 512, "feed_forwards_3": 1,
    }  # fmt: skip
    short = {label: value for label, value in sample.items() if label[-1] not in "23"}
    assert EncoderChoices().from_sample(short) == ENCODER
    assert EncoderChoices().from_sample({**sample, "heads_3": 4, "operation_2": "?"}) == ENCODER


@given(st.integers(0, 2**32 - 1))
def test_samples_are_read_back(seed: int) -> None:
    encoder = moves.sample(np.random.default_rng(seed))
    sample = EncoderChoices().to_sample(encoder)
    assert list(sample) == list(EncoderChoices().categoricals)
    assert EncoderChoices().from_sample({**sample, "other": "3"}) == encoder


@pytest.mark.parametrize(
    ("label", "value", "rule"),
    [
        ("hidden_size", 192, "the choice 'hidden_size' has no value 192"),
        ("layers", 3, "the choice 'layers' has no value 3"),
        ("operation_1", "SA", "the choice 'operation_1' has no value 'SA'"),
        ("heads_0", [], r"the choice 'heads_0' has no value \[\]"),
        ("feed_forwards_1", None, "the choice 'feed_forwards_1' has no value None"),
    ],
)
def test_a_broken_sample_is_refused(label: str, value: Any, rule: str) -> None:
    sample: dict[str, Any] = dict(EncoderChoices().to_sample(ENCODER))
    with pytest.raises(EncoderError, match=rule):
        EncoderChoices().from_sample({**sample, label: value})
    del sample[label]
    with pytest.raises(EncoderError, match=f"the sample lacks the choice '{label}'"):
        EncoderChoices().from_sample(sample)
