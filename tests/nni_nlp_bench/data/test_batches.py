"""Columns and windows: every token but the first of a column is a target once, in order."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.data.batches import columns, windows


@given(st.integers(2, 200), st.integers(1, 7), st.integers(1, 40))
def test_windows_cover_every_column(tokens: int, batch: int, length: int) -> None:
    ids = np.arange(tokens)
    rows = columns(ids, batch)
    height = tokens // batch
    assert rows.shape == (height, batch)
    for j in range(batch):
        assert rows[:, j].tolist() == ids[j * height : (j + 1) * height].tolist()
    pairs = list(windows(rows, length))
    assert all(1 <= len(inputs) <= length for inputs, _ in pairs)
    if height > 1:
        inputs = torch.cat([inputs for inputs, _ in pairs])
        targets = torch.cat([targets.view(-1, batch) for _, targets in pairs])
        assert torch.equal(inputs, rows[:-1])
        assert torch.equal(targets, rows[1:])
    else:
        assert not pairs
