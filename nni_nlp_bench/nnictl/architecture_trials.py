"""Trials that evaluate one architecture each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.nnictl.axes import axes
from nni_nlp_bench.nnictl.bounds import Bounds, bounds_of
from nni_nlp_bench.strategies.searcher import Proposal
from search_spaces.base import SearchSpace
from search_spaces.errors import UserError

AXES = "mutation_summary"
"""NNI's key for what its web UI shows of a trial's parameters: the rest is hidden from the axes."""


class ArchitectureTrials:
    """An architecture of `space` a trial; the `searchSpace` bounds its axes, such as `nodes`."""

    def __init__(self, space: SearchSpace[Any]) -> None:
        self.space = space
        self._bounds = Bounds({}, {})

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Keep every axis within its bounds. Raises UserError."""
        bounds = bounds_of(search_space)
        bounds.allow(axes(self.space, self.space.sample(np.random.default_rng(0))))  # the names
        self._bounds = bounds

    def allows_architecture(self, architecture: Any) -> bool:
        """Whether an architecture is within the bounds."""
        return self._bounds.allow(axes(self.space, architecture))

    def allows(self, proposal: Proposal) -> bool:
        """Whether its architecture is within the bounds."""
        return self.allows_architecture(proposal.architecture)

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """The architecture in compact JSON, the epochs where they are not a full training, axes."""
        architecture = json.dumps(
            json.loads(proposal.architecture.to_json()), separators=(",", ":")
        )
        shortened = {} if proposal.epochs is None else {"epochs": proposal.epochs}
        shown = {**shortened, **axes(self.space, proposal.architecture)}
        return {"architecture": architecture, **shortened, AXES: shown}

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """The architecture and its epochs. Raises UserError for parameters of another kind."""
        return parsed_proposal(self.space, parameters)


def parsed_proposal(space: SearchSpace[Any], parameters: Mapping[str, Any]) -> Proposal:
    """The architecture and its epochs. Raises UserError for parameters of another kind."""
    architecture, epochs = parameters.get("architecture"), parameters.get("epochs")
    if not isinstance(architecture, str):
        raise UserError(
            "the trial's parameters hold no 'architecture': use the tuner StrategyTuner"
        )
    if not (epochs is None or (isinstance(epochs, int) and epochs > 0)):
        raise UserError(f"the trial's epochs must be a positive number, got {epochs!r}")
    return Proposal(space.parse(architecture), epochs)
