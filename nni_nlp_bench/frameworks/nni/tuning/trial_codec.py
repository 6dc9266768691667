"""What the trials of an experiment are, apart from the strategy that proposes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nni_nlp_bench.strategies.base import Proposal


class TrialCodec(Protocol):
    """Translates between a strategy's proposals and the parameters of NNI's trials."""

    def bound(self, search_space: Mapping[str, Any]) -> None:
        """Keep what comes within an experiment's `searchSpace`. Raises UserError."""

    def allows(self, proposal: Proposal) -> bool:
        """Whether a proposal is within the bounds."""

    def to_parameters(self, proposal: Proposal) -> dict[str, Any]:
        """The parameters of the trial that evaluates a proposal."""

    def from_parameters(self, parameters: Mapping[str, Any]) -> Proposal:
        """The proposal back. Raises UserError for parameters of another kind."""
