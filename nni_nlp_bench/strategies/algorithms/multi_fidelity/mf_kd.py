"""Multi-fidelity search by co-kriging (MF-KD; Trofimov et al., 2020, arXiv 2006.08341)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.policies import validate_choice
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.acquisition import (
    Acquisition,
    expected_improvement,
    upper_confidence_bound,
)
from nni_nlp_bench.strategies.models.cokriging import CoKriging, Posterior
from nni_nlp_bench.strategies.models.observations import Observations


class MultiFidelityKd(Strategy):
    """Promotes architectures from short to full trainings by a model of both fidelities.

    First `random_first` random architectures are trained for `low_share` of a full training, and
    the best `promote_first` of them are promoted to a full training. Afterwards, a model of both
    fidelities selects among new samples, mutations of the best, and architectures with only a short
    training: by the bound mean + 0.5 * deviation of the full training's score (`ucb`) or by its
    expected improvement (`ei`). An architecture with a short training is promoted only if its bound
    exceeds the best full score; a new one gets a short training first if that is more efficient,
    see `short_training_pays`. The model uses the `most` best and latest architectures of each
    fidelity, and refits its parameters whenever their number has grown by half.

    On a table, epochs are the fidelity, and a full training resumes from the short one. On real
    trainings, the short ones should be distilled (evaluator `distilled`): distillation
    improves their ranking, which is the other half of MF-KD.
    """

    def __init__(
        self,
        *args: Any,
        low_share: float = 0.2,
        random_first: int = 20,
        promote_first: int = 5,
        acquisition: Acquisition = "ucb",
        samples: int = 20,
        mutations: int = 20,
        parents: int = 10,
        most: int = 200,
    ) -> None:
        super().__init__(*args)
        validate_choice("acquisition", acquisition, Acquisition)
        self.low_epochs = max(1, round(low_share * self.epochs))
        if self.low_epochs >= self.epochs:
            raise UserError(
                f"mf_kd: low_share {low_share} of {self.epochs} epochs is no shorter training"
            )
        if promote_first < 3:
            raise UserError("mf_kd: promote_first must be 3 or more, to relate the fidelities")
        self._to_sample = random_first
        self._promote_first = promote_first
        self._acquisition = acquisition
        self._samples = samples
        self._mutations = mutations
        self._parents = parents
        self._low = Observations(self.space, most)
        self._high = Observations(self.space, most)
        self._seen: set[str] = set()
        """Canonical keys of all known architectures, and of those to promote."""
        self._finished: set[str] = set()
        self._running_low = self._running_high = 0
        self._model = CoKriging(restarts=1)
        self._learned_from = 0

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    def ask(self) -> Proposal | None:
        """Return a short training of a new architecture, or a full training."""
        if self._to_sample:
            self._to_sample -= 1
            proposal = self._sampled()
            if proposal is not None:
                return proposal
        if len(self._high) < self._promote_first or not len(self._low):
            return self._first_promoted()
        return self._chosen() or self._sampled()

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add the score to the model; failed short trainings are not promoted."""
        short = proposal.epochs is not None
        if short:
            self._running_low -= 1
        else:
            self._running_high -= 1
        if score is not None:
            (self._low if short else self._high).add(proposal.architecture, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the model as a full training; it is not proposed any more."""
        self._seen.add(architecture.canonical_key)
        self._finished.add(architecture.canonical_key)
        self._high.add(architecture, score)

    def _short(self, architecture: Any) -> Proposal:
        self._seen.add(architecture.canonical_key)
        self._running_low += 1
        return Proposal(architecture, self.low_epochs)

    def _full(self, architecture: Any) -> Proposal:
        self._seen.add(architecture.canonical_key)
        self._finished.add(architecture.canonical_key)
        self._running_high += 1
        return Proposal(architecture)

    def _sampled(self) -> Proposal | None:
        architecture = self.sample_unseen(self._seen)
        return None if architecture is None else self._short(architecture)

    def _first_promoted(self) -> Proposal | None:
        """Return the best of the short trainings once all have ended, or start more."""
        enough = len(self._high) + self._running_high >= self._promote_first
        if self._running_low or (self._running_high and enough):
            return None
        waiting = self._waiting()
        return self._full(waiting[0]) if waiting else self._sampled()

    def _waiting(self) -> list[Any]:
        """Return architectures with only a short training, best first."""
        return [a for a in self._low.ranked() if a.canonical_key not in self._finished]

    def _chosen(self) -> Proposal | None:
        waiting, fresh = self._waiting(), self._fresh()
        candidates = waiting + fresh
        if not candidates:
            return None
        posterior = self._posterior(candidates)
        promise = self._acquisition_values(posterior)
        if fresh:
            promise[: len(waiting)][~self._may_improve(posterior)[: len(waiting)]] = -np.inf
        best = int(np.argmax(promise))
        is_new = best >= len(waiting)
        if is_new and short_training_pays(posterior, best, self.low_epochs / self.epochs):
            return self._short(candidates[best])
        return self._full(candidates[best])

    def _fresh(self) -> list[Any]:
        """Return distinct untried samples and mutations of the best by either fidelity."""
        best = self._high.ranked()[: self._parents] + self._low.ranked()[: self._parents]
        drawn = [self.space.sample(self.rng) for _ in range(self._samples)]
        drawn += [self.space.mutate(best[i % len(best)], self.rng) for i in range(self._mutations)]
        new = {a.canonical_key: a for a in drawn if a.canonical_key not in self._seen}
        return list(new.values())

    def _posterior(self, candidates: list[Any]) -> Posterior:
        measured = len(self._low) + len(self._high)
        learn = measured >= 1.5 * self._learned_from
        if learn:
            self._learned_from = measured
        self._model.fit(*self._low.arrays(), *self._high.arrays(), learn=learn)
        features = [self.space.encode(architecture, "counts") for architecture in candidates]
        return self._model.posterior(np.stack(features))

    def _may_improve(self, posterior: Posterior) -> NDArray[np.bool_]:
        """Return which candidates may become the best in a full training."""
        bounds = upper_confidence_bound(posterior.mean, posterior.std)
        return bounds > self._high.best_score

    def _acquisition_values(self, posterior: Posterior) -> NDArray[np.float64]:
        if self._acquisition == "ucb":
            return upper_confidence_bound(posterior.mean, posterior.std)
        return expected_improvement(posterior.mean, posterior.std, self._high.best_score)


def short_training_pays(posterior: Posterior, candidate: int, share: float) -> bool:
    """Return whether a short training reduces the variance more per epoch than a full one.

    A full training removes all of it; a short one removes the part that f_L explains, for `share`
    of the cost.
    """
    low = float(posterior.low_variance[candidate])
    return low > share * (low + float(posterior.delta_variance[candidate]))
