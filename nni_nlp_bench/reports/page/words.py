"""Numbers as people read them."""

from __future__ import annotations

import math


def known(value: float, form: str) -> str:
    """The number in that format; a dash for NaN, which stands for what nobody knows."""
    return "-" if math.isnan(value) else format(value, form)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """So many of a thing: `1 seed`, `2 seeds`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def p_word(p_value: float) -> str:
    """A p value in a sentence."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def listed(names: list[str]) -> str:
    """Names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
