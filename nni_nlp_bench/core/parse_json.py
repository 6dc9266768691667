"""Strict parsing of JSON that users give."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import MAX_TEXT_BYTES, read_text

MAX_DIGITS = 18
"""Maximum number of digits of an integer, so that it fits into 64 bits."""


def parse_json(text: str | bytes, *, allow_nan: bool = False) -> Any:
    """Return the value of a JSON text.

    Args:
        text: JSON; bytes are UTF-8.
        allow_nan: Whether `NaN` and `Infinity` are allowed, as Python writes them.

    Raises:
        ValueError: It is not JSON, is nested too deeply, names a key twice, or has a number that
            is not finite or does not fit into 64 bits. The message is one line.
    """
    try:
        return json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text,
            parse_int=_int,
            parse_float=float if allow_nan else _float,
            parse_constant=float if allow_nan else _not_finite,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(
    path: Path,
    error: type[UserError] = UserError,
    remedy: str = "",
    max_bytes: int = MAX_TEXT_BYTES,
    *,
    allow_nan: bool = False,
) -> Any:
    """Return the value in a JSON file.

    Args:
        path: The file.
        error: Raised if the file cannot be read or is not JSON.
        remedy: End of the message, such as "import the benchmark again".
        max_bytes: Largest size of the file.
        allow_nan: As in `parse_json`.

    Raises:
        UserError: `error`, of one line.
    """
    text = read_text(path, max_bytes, error)
    try:
        return parse_json(text, allow_nan=allow_nan)
    except ValueError as cause:
        raise error(f"{path} is not valid JSON ({cause}){remedy and f': {remedy}'}") from None


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS + digits.startswith("-"):
        raise ValueError(f"the integer {digits[:20]}... has more than {MAX_DIGITS} digits")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_finite(text)


def _not_finite(text: str) -> float:
    raise ValueError(f"{text[:20]} is not a finite number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"the key {names.most_common(1)[0][0][:40]!r} is given twice")
    return value
