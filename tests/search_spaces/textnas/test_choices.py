"""The space as categorical choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.textnas import Arc, ArcError, Layer
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.choices import ArcChoices
from search_spaces.textnas.published import published_arc
from search_spaces.textnas.space import TextNasSpace


def test_choices_stand_in_the_order_of_the_layers() -> None:
    assert ArcChoices(3, 2, OPS[:2]).categoricals == {
        "op_0": ["conv1", "conv3"],
        "op_1": ["conv1", "conv3"],
        "skip_1_0": [0, 1],
        "input_2": [0, 1],
        "op_2": ["conv1", "conv3"],
        "skip_2_0": [0, 1],
        "skip_2_1": [0, 1],
    }
    assert list(ArcChoices(3).categoricals)[:4] == ["op_0", "op_1", "skip_1_0", "input_2"]


def test_the_space_has_as_many_architectures_as_in_the_paper() -> None:
    values = ArcChoices().categoricals.values()
    assert len(values) == 22 + 24 + 276
    assert 119 < sum(np.log10(len(of)) for of in values) < 120


@given(st.integers(0, 2**32 - 1), st.integers(1, 10), st.integers(1, 7))
def test_samples_are_read_back(seed: int, layers: int, window: int) -> None:
    space = TextNasSpace(layers, window)
    arc = space.sample(np.random.default_rng(seed))
    sample = space.choices().to_sample(arc)
    assert list(sample) == list(space.choices().categoricals)
    assert space.choices().from_sample({**sample, "other": 3}).layers == arc.layers


def test_the_published_architecture_is_a_sample_in_reach() -> None:
    sample = ArcChoices().to_sample(published_arc("published"))
    assert (sample["input_2"], sample["input_3"], sample["input_7"]) == (1, 0, 4)
    assert ArcChoices().from_sample(sample) == published_arc("published")


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"layers": 23}, "has 24 layers, the option layers fixes 23"),
        ({"window": 4}, "layer 7: its input is 5 layers back, the option window allows 4"),
        ({"ops": OPS[:6]}, "layer 1: the option ops lacks its op attention"),
    ],
)
def test_an_architecture_outside_is_refused(options: dict[str, Any], rule: str) -> None:
    with pytest.raises(ArcError, match=rule):
        ArcChoices(**options).to_sample(published_arc("published"))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"layers": 0}, "layers must be 1 to 100, got 0"),
        ({"layers": 101}, "layers must be 1 to 100, got 101"),
        ({"window": 0}, "window must be at least 1, got 0"),
        ({"ops": ()}, "ops must be some of conv1, .* in this order, got none"),
        ({"ops": ("gru", "conv1")}, "in this order, got gru, conv1"),
        ({"ops": ("gru", "gru")}, "in this order, got gru, gru"),
        ({"ops": ("lstm",)}, "in this order, got lstm"),
    ],
)
@pytest.mark.parametrize("of", [ArcChoices, TextNasSpace])
def test_options_that_make_no_space_are_refused(of: Any, options: Any, rule: str) -> None:
    with pytest.raises(ArcError, match=rule):
        of(**options)


@pytest.mark.parametrize(
    ("label", "value", "rule"),
    [
        ("op_1", "lstm", "the choice 'op_1' has no value 'lstm'"),
        ("input_2", 2, "the choice 'input_2' has no value 2"),
        ("skip_2_1", [], r"the choice 'skip_2_1' has no value \[\]"),
        ("skip_2_1", None, "the choice 'skip_2_1' has no value None"),
    ],
)
def test_a_broken_sample_is_refused(label: str, value: Any, rule: str) -> None:
    sample: dict[str, Any] = dict(ArcChoices(3).to_sample(Arc((Layer(0, "gru"),) * 3)))
    with pytest.raises(ArcError, match=rule):
        ArcChoices(3).from_sample({**sample, label: value})
    del sample[label]
    with pytest.raises(ArcError, match=f"the sample lacks the choice '{label}'"):
        ArcChoices(3).from_sample(sample)
