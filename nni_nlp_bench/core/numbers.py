"""Numbers in texts: strict parsing of those that users give, and short forms."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?|[+-]?(inf|infinity|nan)", re.I | re.A)
MAX_CHARACTERS = 400


def parse_number(text: str) -> float:
    """Return the decimal number in a text; NaN and infinity are allowed.

    Unlike `float`, underscores and digits of other scripts are refused.

    Raises:
        ValueError: It is not a number, or is too large for a float. The message is one line.
    """
    found = text.strip()
    if len(found) > MAX_CHARACTERS or not _NUMBER.fullmatch(found):
        raise ValueError(f"{text[:40]!r} is not a number")
    number = float(found)
    if math.isinf(number) and "inf" not in found.lower():
        raise ValueError(f"{text[:40]!r} is too large")
    return number


def short_number(value: float) -> str:
    """Return a number in few characters, such as `0.5`, `20k` or `22.7M`.

    >>> short_number(22_715_526)
    '22.7M'
    """
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"
