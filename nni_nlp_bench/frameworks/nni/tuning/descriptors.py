"""Descriptors of architectures, which NNI's web UI shows as parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from search_spaces.base import Description, SearchSpace

_MILLION = 1_000_000


def descriptors(space: SearchSpace[Any], architecture: Any) -> Description:
    """Return the descriptors with short names, and the number of parameters in millions."""
    described = dict(space.describe(architecture))
    parameters = float(described.pop("parameters"))
    short = _short_names(space.op_counts(architecture), described)
    named = {short.get(name, name): value for name, value in described.items()}
    return {**named, "parameters_m": round(parameters / _MILLION, 3)}


def _short_names(operations: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return names without prefix (`elementwise_sum` -> `sum`), if these are unique words."""
    words = {name: name.partition("_")[2] for name in operations}
    uses = Counter([*words.values(), *taken])
    return {name: word for name, word in words.items() if word[:1].isalpha() and uses[word] == 1}
