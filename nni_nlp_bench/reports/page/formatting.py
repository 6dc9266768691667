"""Format numbers and names for readers."""

from __future__ import annotations

import math


def format_number(value: float, spec: str) -> str:
    """Return the formatted number, or a dash for NaN."""
    return "-" if math.isnan(value) else format(value, spec)


def format_hours(hours: float) -> str:
    """Return a number of hours: whole ones, or two digits of fewer than ten."""
    return format_number(hours, ",.0f" if hours >= 10 else ".2g")


def format_count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as `1 seed` or `2 seeds`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_p_value(p_value: float) -> str:
    """Return a p value as an equation, such as `p = 0.012`."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def join_names(names: list[str]) -> str:
    """Return names as an enumeration, such as `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
