"""Trials that run one whole search each: every combination of a few choices, once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.bounds import bounds_of
from nni_nlp_bench.strategies.base import Proposal


@dataclass(frozen=True)
class Combination:
    """One value of every choice, such as a strategy and a seed."""

    text: str
    """JSON with sorted keys."""

    @classmethod
    def of(cls, choices: Mapping[str, Any]) -> Combination:
        """From names and values."""
        return cls(json.dumps(dict(choices), sort_keys=True))

    @property
    def choices(self) -> dict[str, Any]:
        """Names and values."""
        choices: dict[str, Any] = json.loads(self.text)
        return choices

    @cached_property
    def canonical_key(self) -> str:
        """Equal exactly for equal combinations."""
        return blake2b(self.text.encode(), digest_size=16).hexdigest()


class SearchTrials:
    """The `searchSpace` holds nothing but choices; the parameters of a trial are one of each."""

    def __init__(self) -> None:
        self.combinations: list[Combination] = []
        """All of them; the last choice varies fastest."""

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Take in the choices. Raises UserError for anything else."""
        bounds_of(search_space)
        for name, spec in search_space.items():
            if spec["_type"] != "choice":
                raise UserError(f"searchSpace: {name!r} must be a choice, not {spec['_type']!r}")
        values = [
            [(name, value) for value in spec["_value"]] for name, spec in search_space.items()
        ]
        self.combinations = [Combination.of(dict(each)) for each in itertools.product(*values)]

    def allows(self, proposal: Proposal) -> bool:
        """Whether it is among the combinations."""
        return proposal.architecture in self.combinations

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """One value of every choice."""
        choices: dict[str, Any] = proposal.architecture.choices
        return choices

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """Any parameters are a combination."""
        return Proposal(Combination.of(parameters))


class Grid:
    """Every combination once, in order; those that a change of the search space adds come last."""

    epochs = 1

    def __init__(self, trials: SearchTrials) -> None:
        self._trials = trials
        self._asked: set[Combination] = set()

    def ask(self) -> Proposal | None:
        """The next combination; None after the last."""
        left = (c for c in self._trials.combinations if c not in self._asked)
        combination = next(left, None)
        if combination is None:
            return None
        self._asked.add(combination)
        return Proposal(combination)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """A score changes nothing."""

    def add_observation(self, architecture: Combination, score: float) -> None:
        """A search that another experiment ran is not run again."""
        self._asked.add(architecture)
