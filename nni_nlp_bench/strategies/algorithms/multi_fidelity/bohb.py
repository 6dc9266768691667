"""BOHB (Falkner, Klein and Hutter, 2018, arXiv 1807.01774)."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.model_hyperband import ModelHyperband
from nni_nlp_bench.strategies.models.categorical_density import CategoricalDensity
from nni_nlp_bench.strategies.models.choice_samples import ChoiceEncoder, Indices


class Bohb(ModelHyperband):
    """Hyperband whose architectures maximise a ratio of two densities over the space's choices.

    The densities are those of the best trainings and of the others, of the longest length with
    enough trainings; failed ones are among the others. The settings are the paper's: a third of the
    architectures are random, the best 15 % of the trainings are good ones, and candidates are 64
    samples of their density. It differs in three respects, as a space has about a hundred choices:

    - A density needs `min_points` trainings instead of one more than there are choices.
    - The rule for bandwidths is another one: see `CategoricalDensity`.
    - On a table, candidates are up to `table_candidates` of its unseen architectures, since hardly
      any sample of the density would be one of them.
    """

    def __init__(
        self,
        *args: Any,
        eta: int = 3,
        random_fraction: float = 1 / 3,
        top_n_percent: int = 15,
        num_samples: int = 64,
        min_points: int = 10,
        table_candidates: int = 1000,
    ) -> None:
        super().__init__(*args, eta=eta, random_fraction=random_fraction)
        self._top_n_percent = top_n_percent
        self._num_samples = num_samples
        self._min_points = min_points
        self._table_candidates = table_candidates
        self._encoder = ChoiceEncoder(self.space.choices(), conditional=False)
        self._scores: dict[int, dict[str, tuple[float, Indices]]] = {}
        """By length of training and by key."""

    def _observe(self, architecture: Any, epochs: int, score: float | None) -> None:
        codes = self._encode(architecture)
        if codes is not None:
            scored = -inf if score is None else score
            self._scores.setdefault(epochs, {})[architecture.canonical_key] = scored, codes

    def _suggest(self) -> Any | None:
        densities = self._densities()
        if densities is None:
            return None
        good, others = densities
        candidates = self._candidates(good)
        if not candidates:
            return None
        codes = np.stack([codes for _, codes in candidates])
        ratios = good.log_density(codes) - others.log_density(codes)
        return candidates[int(np.argmax(ratios))][0]

    def _densities(self) -> tuple[CategoricalDensity, CategoricalDensity] | None:
        """Return the densities of good trainings and of others; None if there are too few."""
        lengths = [n for n, scores in self._scores.items() if len(scores) >= self._min_points + 2]
        if not lengths:
            return None
        scores = sorted(self._scores[max(lengths)].values(), key=lambda e: e[0], reverse=True)
        points = np.stack([codes for _, codes in scores])
        count = max(self._min_points, self._top_n_percent * len(points) // 100)
        rest = max(self._min_points, len(points) - count)
        good = CategoricalDensity(points[:count], self._encoder.sizes)
        return good, CategoricalDensity(points[-rest:], self._encoder.sizes)

    def _candidates(self, good: CategoricalDensity) -> list[tuple[Any, Indices]]:
        """Return unseen architectures with their codes."""
        table = self._unseen_of_table(self._table_candidates)
        if table is None:
            return self._samples(good)
        encoded = ((a, self._encode(a)) for a in table)
        return [(a, codes) for a, codes in encoded if codes is not None]

    def _samples(self, good: CategoricalDensity) -> list[tuple[Any, Indices]]:
        """Return the valid and unseen ones among samples of the density."""
        samples = []
        for _ in range(self._num_samples):
            codes = good.sample(self.rng)
            try:
                architecture = self._encoder.decode(codes)
            except ArchitectureError:
                continue
            if architecture.canonical_key not in self._seen:
                samples.append((architecture, codes))
        return samples

    def _encode(self, architecture: Any) -> Indices | None:
        """Return the positions of its choices' values; None if the choices do not include it."""
        try:
            return self._encoder.encode(architecture)
        except ArchitectureError:
            return None
