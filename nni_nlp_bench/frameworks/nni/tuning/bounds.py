"""Bounds of architecture descriptors in the `searchSpace` of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import Description

_RANGES = ("randint", "uniform", "quniform", "loguniform", "qloguniform")


@dataclass(frozen=True)
class Bounds:
    """Allowed values of each descriptor: a closed range (low, high) or a set of values."""

    ranges: Mapping[str, tuple[float, float]]
    values: Mapping[str, frozenset[int | float | str]]

    def allow(self, descriptors: Description) -> bool:
        """Return whether descriptors are within the bounds. Raises UserError for unknown names."""
        for name in (*self.ranges, *self.values):
            if name not in descriptors:
                known = ", ".join(descriptors)
                raise UserError(f"unknown descriptor {name!r} in the search space; known: {known}")
        return all(
            low <= float(descriptors[name]) <= high for name, (low, high) in self.ranges.items()
        ) and all(descriptors[name] in values for name, values in self.values.items())


def parse_bounds(search_space: Mapping[str, Any]) -> Bounds:
    """Return the bounds of a search space.

    Args:
        search_space: `choice` gives a set of values; `randint`, `uniform` and similar a range.

    Raises:
        UserError: an entry is invalid.
    """
    ranges, values = {}, {}
    for name, spec in search_space.items():
        kind, value = _validate(name, spec)
        if kind == "choice":
            values[name] = frozenset(value)
        else:
            ranges[name] = float(value[0]), float(value[1]) - (kind == "randint")
    return Bounds(ranges, values)


def _validate(name: str, spec: Any) -> tuple[str, list[Any]]:
    try:
        kind, value = spec["_type"], spec["_value"]
        plain = kind == "choice" and all(isinstance(v, int | float | str) for v in value)
        if value and (plain or (kind in _RANGES and float(value[0]) <= float(value[1]))):
            return kind, value
    except (TypeError, KeyError, IndexError, ValueError):
        pass  # reported below
    raise UserError(
        f"searchSpace: {name!r} must be a choice of strings and numbers, or a range "
        f"such as {{_type: randint, _value: [2, 13]}}"
    )
