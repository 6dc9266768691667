"""Codec and strategy for trials that run a complete search each: a grid of choices."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.bounds import parse_bounds
from nni_nlp_bench.strategies.base import Proposal


@dataclass(frozen=True)
class Combination:
    """One value per choice, such as a strategy and a seed."""

    text: str
    """JSON with sorted keys."""

    @classmethod
    def of(cls, choices: Mapping[str, Any]) -> Combination:
        """Return the combination of these values by name."""
        return cls(json.dumps(dict(choices), sort_keys=True))

    @property
    def choices(self) -> dict[str, Any]:
        """Values by name."""
        choices: dict[str, Any] = json.loads(self.text)
        return choices

    @cached_property
    def canonical_key(self) -> str:
        """Hash that is equal for equal combinations."""
        return blake2b(self.text.encode(), digest_size=16).hexdigest()


class CombinationCodec:
    """Codec of trials whose parameters are one value of each choice in `searchSpace`."""

    def __init__(self) -> None:
        self.combinations: list[Combination] = []
        """All combinations; the last choice varies fastest."""

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Set the choices. Raises UserError for other entries."""
        parse_bounds(search_space)
        for name, spec in search_space.items():
            if spec["_type"] != "choice":
                raise UserError(f"searchSpace: {name!r} must be a choice, not {spec['_type']!r}")
        values = [
            [(name, value) for value in spec["_value"]] for name, spec in search_space.items()
        ]
        self.combinations = [Combination.of(dict(each)) for each in itertools.product(*values)]

    def allows(self, proposal: Proposal) -> bool:
        """Return whether a proposal is one of the combinations."""
        return proposal.architecture in self.combinations

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """Return one value per choice."""
        choices: dict[str, Any] = proposal.architecture.choices
        return choices

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """Return the combination of the parameters."""
        return Proposal(Combination.of(parameters))


class Grid:
    """Grid search over the combinations; ones added by a new search space come last."""

    epochs = 1

    def __init__(self, codec: CombinationCodec) -> None:
        self._codec = codec
        self._asked: set[Combination] = set()

    def ask(self) -> Proposal | None:
        """Return the next combination; None after the last."""
        remaining = (c for c in self._codec.combinations if c not in self._asked)
        combination = next(remaining, None)
        if combination is None:
            return None
        self._asked.add(combination)
        return Proposal(combination)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Ignore the score."""

    def add_observation(self, architecture: Combination, score: float) -> None:
        """Skip a combination with a result of another experiment."""
        self._asked.add(architecture)
