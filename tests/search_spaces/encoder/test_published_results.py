"""What the published results say of the space."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as fisher

from search_spaces.encoder.published import published_encoder


def unexplained(rows: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Sum of squares that a linear model leaves."""
    found = np.linalg.lstsq(rows, values, rcond=None)[0]
    return float(((values - rows @ found) ** 2).sum())


def test_operations_explain_neither_scores_nor_times(shared: Callable[[str], Path]) -> None:
    """Only hidden size, layers, heads, and three feed-forwards with their width do."""
    trained = json.loads(shared("nas-bench-bert/BERT_benchmark.json").read_text("utf-8"))
    sizes, operations = [], []
    for row in trained:
        encoder = published_encoder(str(row["id"]))

        def count(field: str, value: Any, layers: Any = encoder.layers) -> int:
            return sum(getattr(layer, field) == value for layer in layers)

        deep = [layer for layer in encoder.layers if layer.feed_forwards == 3]
        wide = sum(layer.feed_forward == 1024 for layer in deep)
        rest = [encoder.hidden_size, len(encoder.layers), count("heads", 4), len(deep), wide]
        sizes.append([1, *rest])
        names = ("SA-WMA", "LT-DFT", "LT-DCT", "DSC-5", "DSC-9")
        operations.append([count("name", name) for name in names])
    few = np.array(sizes, dtype=np.float64)
    many = np.column_stack([few, operations])
    freedom = len(many) - many.shape[1]
    for values, share in (
        (np.array([row["scores"]["glue"] for row in trained]), 0.74),
        (np.array([row["time_to_train"] for row in trained]), 0.92),
    ):
        without, with_operations = unexplained(few, values), unexplained(many, values)
        assert 1 - without / values.var() / len(values) > share
        gain = (without - with_operations) / 5 / (with_operations / freedom)
        assert fisher.sf(gain, 5, freedom) > 0.2
