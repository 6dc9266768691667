"""Trials that evaluate one architecture each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.bounds import Bounds, bounds_of
from nni_nlp_bench.frameworks.nni.tuning.descriptors import descriptors
from nni_nlp_bench.strategies.base import Proposal
from search_spaces.base import SearchSpace

AXES = "mutation_summary"
"""NNI's key for the parameters that its web UI shows of a trial."""


class ArchitectureTrials:
    """One architecture per trial; the `searchSpace` bounds its descriptors, such as `nodes`."""

    def __init__(self, space: SearchSpace[Any]) -> None:
        self.space = space
        self._bounds = Bounds({}, {})

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Keep every axis within its bounds. Raises UserError."""
        bounds = bounds_of(search_space)
        bounds.allow(
            descriptors(self.space, self.space.sample(np.random.default_rng(0)))
        )  # the names
        self._bounds = bounds

    def allows_architecture(self, architecture: Any) -> bool:
        """Whether an architecture is within the bounds."""
        return self._bounds.allow(descriptors(self.space, architecture))

    def allows(self, proposal: Proposal) -> bool:
        """Whether its architecture is within the bounds."""
        return self.allows_architecture(proposal.architecture)

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """Return the architecture as compact JSON, its epochs if not all, and its descriptors."""
        architecture = json.dumps(
            json.loads(proposal.architecture.to_json()), separators=(",", ":")
        )
        shortened = {} if proposal.epochs is None else {"epochs": proposal.epochs}
        shown = {**shortened, **descriptors(self.space, proposal.architecture)}
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
