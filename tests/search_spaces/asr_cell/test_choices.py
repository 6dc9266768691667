"""The space as categorical choices."""

from __future__ import annotations

from typing import Any

import pytest

from search_spaces.asr_cell import AsrCell, AsrCellError
from search_spaces.asr_cell.choices import AsrCellChoices

CELL = AsrCell.from_list("[[0,1],[1,1,0],[4,1,0,1]]")
SAMPLE = {
    "op_1": "linear", "skip_1_0": 1,
    "op_2": "conv5", "skip_2_0": 1, "skip_2_1": 0,
    "op_3": "conv7d2", "skip_3_0": 1, "skip_3_1": 0, "skip_3_2": 1,
}  # fmt: skip


def test_a_sample_by_hand() -> None:
    choices = AsrCellChoices()
    assert choices.to_sample(CELL) == SAMPLE
    assert [*choices.categoricals] == [*SAMPLE]
    assert choices.from_sample({**SAMPLE, "other": 3}).to_json() == CELL.to_json()


@pytest.mark.parametrize(
    ("label", "value", "rule"),
    [
        ("op_2", "conv3", "the choice 'op_2' has no value 'conv3'"),
        ("skip_3_2", 2, "the choice 'skip_3_2' has no value 2"),
        ("skip_1_0", None, "the choice 'skip_1_0' has no value None"),
    ],
)
def test_a_broken_sample_is_refused(label: str, value: Any, rule: str) -> None:
    with pytest.raises(AsrCellError, match=rule):
        AsrCellChoices().from_sample({**SAMPLE, label: value})
    missing = {name: of for name, of in SAMPLE.items() if name != label}
    with pytest.raises(AsrCellError, match=f"the sample lacks the choice '{label}'"):
        AsrCellChoices().from_sample(missing)
