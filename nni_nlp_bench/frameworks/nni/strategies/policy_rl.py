"""NNI's policy-gradient reinforcement learning as a strategy of this package."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from nni_nlp_bench.core.extras import MissingExtraError, optional_imports
from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.strategies.base import Proposal, Strategy
from search_spaces.base import SearchSpace


class PolicyRL(Strategy):
    """NNI's PolicyBasedRL: PPO with an LSTM policy over the categorical choices.

    Options are those of `nni.nas.strategy.PolicyBasedRL`.
    """

    @optional_imports()
    def __init__(
        self, space: SearchSpace[Any], rng: np.random.Generator, epochs: int, **options: Any
    ) -> None:
        super().__init__(space, rng, epochs)
        import_nni_quietly()
        from nni_nlp_bench.frameworks.nni.strategies.from_nni import NNIStrategyAdapter
        from nni_nlp_bench.frameworks.nni.strategies.seeded_policy import SeededPolicyRL

        policy = SeededPolicyRL(_seed_of(rng), **options)
        self._adapter = NNIStrategyAdapter(space, rng, epochs, policy)

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return the extra that installs NNI, if it is missing."""
        return None if find_spec("nni") else str(MissingExtraError("nni"))

    def ask(self) -> Proposal | None:
        """Return the architecture of the policy's next trajectory."""
        return self._adapter.ask()

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the reward of a trajectory."""
        self._adapter.tell(proposal, score)

    def close(self) -> None:
        """End the thread of NNI's strategy."""
        self._adapter.close()


def _seed_of(rng: np.random.Generator) -> int:
    """Return the seed that the generator was made from, for libraries that take an integer."""
    entropy = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
    return int(entropy) % 2**31
