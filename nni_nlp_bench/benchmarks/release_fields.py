"""Learning curves under the field names of the release and of NASLib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.training_run import Series, SeriesByName

RELEASE_FIELDS = {
    "train_loss": "train_losses",
    "val_loss": "val_losses",
    "test_loss": "test_losses",
    "wall_time_s": "wall_times",
}
MAX_EPOCHS = 10_000


def series_of_fields(fields: Mapping[str, Any]) -> SeriesByName:
    """Validate the four series of a log, one value per epoch. Raises BenchmarkError."""
    return SeriesByName(
        train_loss=_series(fields, "train_losses"),
        val_loss=_series(fields, "val_losses"),
        test_loss=_series(fields, "test_losses"),
        wall_time_s=_series(fields, "wall_times"),
    )


def _series(fields: Mapping[str, Any], name: str) -> Series:
    values = fields.get(name)
    if type(values) is not list or len(values) > MAX_EPOCHS:
        raise BenchmarkError(f"{name} is missing or not a list of epochs")
    if not all(type(value) in (int, float) for value in values):
        raise BenchmarkError(f"{name} must hold numbers")
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        raise BenchmarkError(f"{name} holds a number that is too large") from None
