"""Numbers and durations in texts: strict parsing of those that users give, and short forms."""

from __future__ import annotations

import math
import re

from nni_nlp_bench.core.errors import UserError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?|[+-]?(inf|infinity|nan)", re.I | re.A)
MAX_CHARACTERS = 400
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", re.A)


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


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as `90s`, `30m` or `1.5h`. Raises UserError.

    >>> parse_duration("30m")
    1800.0
    """
    match = _DURATION.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise UserError(f"a duration is a number with s, m or h, such as 30m, got {text[:40]!r}")
    return float(match[1]) * _UNITS[match[2]]


def short_number(value: float) -> str:
    """Return a number in few characters, such as `0.5`, `20k` or `22.7M`.

    >>> short_number(22_715_526)
    '22.7M'
    """
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"
