"""The bounds that an experiment's `searchSpace` sets on architectures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import Description

_RANGES = ("randint", "uniform", "quniform", "loguniform", "qloguniform")


@dataclass(frozen=True)
class Bounds:
    """What each axis may be: a closed range (low, high), or one of several values."""

    ranges: Mapping[str, tuple[float, float]]
    values: Mapping[str, frozenset[int | float | str]]

    def allow(self, axes: Description) -> bool:
        """Whether everything is within its bounds. Raises UserError for an unknown name."""
        for name in (*self.ranges, *self.values):
            if name not in axes:
                known = ", ".join(axes)
                raise UserError(f"the search space bounds {name!r}, which is none of: {known}")
        return all(
            low <= float(axes[name]) <= high for name, (low, high) in self.ranges.items()
        ) and all(axes[name] in values for name, values in self.values.items())


def bounds_of(search_space: Mapping[str, Any]) -> Bounds:
    """`choice` lists what is allowed, `randint`, `uniform` and their kin give a range.

    Raises UserError.
    """
    ranges, values = {}, {}
    for name, spec in search_space.items():
        kind, value = _checked(name, spec)
        if kind == "choice":
            values[name] = frozenset(value)
        else:
            ranges[name] = float(value[0]), float(value[1]) - (kind == "randint")
    return Bounds(ranges, values)


def _checked(name: str, spec: Any) -> tuple[str, list[Any]]:
    try:
        kind, value = spec["_type"], spec["_value"]
        plain = kind == "choice" and all(isinstance(v, int | float | str) for v in value)
        if value and (plain or (kind in _RANGES and float(value[0]) <= float(value[1]))):
            return kind, value
    except (TypeError, KeyError, IndexError, ValueError):
        pass  # said below
    raise UserError(
        f"searchSpace: {name!r} must be a choice of words and numbers, or a range "
        f"such as {{_type: randint, _value: [2, 13]}}"
    )
