"""Codec of trials that evaluate one architecture each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.bounds import Bounds, parse_bounds
from nni_nlp_bench.frameworks.nni.tuning.descriptors import descriptors
from nni_nlp_bench.strategies.base import Proposal
from search_spaces.base import SearchSpace

DESCRIPTORS_KEY = "mutation_summary"
"""NNI's key for the parameters that the web UI shows."""


class ArchitectureCodec:
    """Codec of trials with one architecture; `searchSpace` bounds descriptors, such as `nodes`."""

    def __init__(self, space: SearchSpace[Any]) -> None:
        self.space = space
        self._bounds = Bounds({}, {})

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Set the bounds of the descriptors. Raises UserError for unknown ones."""
        bounds = parse_bounds(search_space)
        sample = self.space.sample(np.random.default_rng(0))
        bounds.allow(descriptors(self.space, sample))  # checks the names
        self._bounds = bounds

    def allows_architecture(self, architecture: Any) -> bool:
        """Return whether an architecture is within the bounds."""
        return self._bounds.allow(descriptors(self.space, architecture))

    def allows(self, proposal: Proposal) -> bool:
        """Return whether the architecture of a proposal is within the bounds."""
        return self.allows_architecture(proposal.architecture)

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """Return architecture (compact JSON), epochs of a partial training, and descriptors."""
        architecture = json.dumps(
            json.loads(proposal.architecture.to_json()), separators=(",", ":")
        )
        shortened = {} if proposal.epochs is None else {"epochs": proposal.epochs}
        shown = {**shortened, **descriptors(self.space, proposal.architecture)}
        return {"architecture": architecture, **shortened, DESCRIPTORS_KEY: shown}

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """Return the architecture and epochs of a trial. Raises UserError for other parameters."""
        return parse_proposal(self.space, parameters)


def parse_proposal(space: SearchSpace[Any], parameters: Mapping[str, Any]) -> Proposal:
    """Return the architecture and epochs of a trial. Raises UserError for other parameters."""
    architecture, epochs = parameters.get("architecture"), parameters.get("epochs")
    if not isinstance(architecture, str):
        raise UserError("the trial parameters lack 'architecture': use the tuner StrategyTuner")
    if not (epochs is None or (isinstance(epochs, int) and epochs > 0)):
        raise UserError(f"epochs of the trial must be a positive integer, got {epochs!r}")
    return Proposal(space.parse(architecture), epochs)
