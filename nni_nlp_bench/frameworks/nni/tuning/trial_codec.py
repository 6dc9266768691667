"""Interface of the codec between proposals and trial parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nni_nlp_bench.strategies.base import Proposal


class TrialCodec(Protocol):
    """Converts proposals of a strategy to parameters of NNI trials and back."""

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Set the bounds from a `searchSpace`. Raises UserError if it is invalid."""

    def allows(self, proposal: Proposal) -> bool:
        """Return whether a proposal is within the bounds."""

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """Return the parameters of the trial that evaluates a proposal."""

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """Return the proposal of a trial. Raises UserError for other parameters."""
