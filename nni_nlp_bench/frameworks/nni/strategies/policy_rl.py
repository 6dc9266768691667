"""NNI's policy-gradient reinforcement learning as a strategy of this package."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from nni_nlp_bench.core.extras import MissingExtraError, optional_imports
from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.choice_samples import ChoiceEncoder
from search_spaces.base import SearchSpace


class PolicyRL(Strategy):
    """NNI's PolicyBasedRL: PPO with an LSTM policy over the categorical choices.

    The policy is first fitted to samples of the space by maximum likelihood, since uniform choices
    may be far worse architectures. This needs NNI's default policy.

    Args:
        space: The space that it searches.
        rng: Source of randomness.
        epochs: Epochs of a full training.
        fit_samples: Number of samples of the space that the policy is fitted to; 0 for a policy
            that begins at about uniform choices, as NNI's does.
        fit_epochs: Number of passes over them.
        **options: Those of `nni.nas.strategy.PolicyBasedRL`.
    """

    @optional_imports()
    def __init__(
        self,
        space: SearchSpace[Any],
        rng: np.random.Generator,
        epochs: int,
        *,
        fit_samples: int = 200,
        fit_epochs: int = 50,
        **options: Any,
    ) -> None:
        super().__init__(space, rng, epochs)
        import_nni_quietly()
        from nni_nlp_bench.frameworks.nni.strategies.fit_policy import fit_policy
        from nni_nlp_bench.frameworks.nni.strategies.from_nni import NNIStrategyAdapter
        from nni_nlp_bench.frameworks.nni.strategies.seeded_policy import SeededPolicyRL

        def fit(policy: Any, labels: list[str]) -> None:
            encoder = ChoiceEncoder(space.choices())
            drawn = encoder.sample(space, rng, fit_samples)
            if drawn:
                fit_policy(
                    policy, labels, encoder, np.stack([r for _, r in drawn]), fit_epochs, rng
                )

        policy = SeededPolicyRL(_seed_of(rng), fit if fit_samples > 0 else None, **options)
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
