"""The space as categorical choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.emd_cell import CellError
from search_spaces.emd_cell.architecture import OPS
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.published import published_cell
from search_spaces.emd_cell.space import EmdCellSpace


def test_choices_stand_in_the_order_of_the_nodes() -> None:
    values = CellChoices().categoricals
    assert list(values) == [
        "op_0_0", "op_0_1", "inputs_1", "op_1_0", "op_1_1", "inputs_2", "op_2_0", "op_2_1",
    ]  # fmt: skip
    assert values["inputs_1"] == ["0+1", "0+2", "1+2"]
    assert values["inputs_2"] == ["0+1", "0+2", "0+3", "1+2", "1+3", "2+3"]
    assert all(of == list(OPS) for label, of in values.items() if label.startswith("op_"))


@given(st.integers(0, 2**32 - 1))
def test_samples_are_read_back(seed: int) -> None:
    space = EmdCellSpace()
    cell = space.sample(np.random.default_rng(seed))
    sample = space.choices().to_sample(cell)
    assert list(sample) == list(space.choices().categoricals)
    assert space.choices().from_sample({**sample, "other": "3"}) == cell


def test_the_lower_source_comes_first() -> None:
    sample = CellChoices().to_sample(published_cell("example"))
    assert sample == {
        "op_0_0": "stdconv_5", "op_0_1": "dilconv_3",
        "inputs_1": "0+2", "op_1_0": "stdconv_3", "op_1_1": "avg_pool_3x3",
        "inputs_2": "2+3", "op_2_0": "max_pool_3x3", "op_2_1": "max_pool_3x3",
    }  # fmt: skip
    assert CellChoices().from_sample(sample) == published_cell("example")


@pytest.mark.parametrize(
    ("label", "value", "rule"),
    [
        ("op_1_0", "none", "the choice 'op_1_0' has no value 'none'"),
        ("inputs_1", "0+3", r"the choice 'inputs_1' has no value '0\+3'"),
        ("inputs_2", [], r"the choice 'inputs_2' has no value \[\]"),
        ("op_2_1", None, "the choice 'op_2_1' has no value None"),
    ],
)
def test_a_broken_sample_is_refused(label: str, value: Any, rule: str) -> None:
    sample: dict[str, Any] = dict(CellChoices().to_sample(published_cell("example")))
    with pytest.raises(CellError, match=rule):
        CellChoices().from_sample({**sample, label: value})
    del sample[label]
    with pytest.raises(CellError, match=f"the sample lacks the choice '{label}'"):
        CellChoices().from_sample(sample)
