"""Tree-structured Parzen estimator (Bergstra et al., 2011) over the choices of a space."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.choice_samples import ChoiceEncoder, Indices
from nni_nlp_bench.strategies.models.count_densities import CountDensities
from nni_nlp_bench.strategies.models.parzen import estimate, log_density, redraw, uniform


class TPE(Strategy):
    """Proposes the candidate with the largest ratio of the densities of good and other samples.

    The prior of either density is the distribution of the space's samples, as in the paper, where
    the usual samplers take uniform choices; `random_first` samples of the space come first.

    In a whole space, densities are products over the choices that an architecture needs, each
    estimated from the observations that need it too; candidates are samples of the space, and good
    observations of which a few choices are drawn anew. Architectures that the choices cannot
    express are no observations.

    On a table, densities are products over the columns of the `counts` encoding, such as numbers
    of nodes and of each operation: see `CountDensities`. Candidates are all architectures of it.
    No architecture is proposed twice.

    Args:
        *args: As of every strategy.
        random_first: Number of evaluations before the densities are used.
        good: Fraction of the observations that are good, in a whole space.
        prior_weight: Number of observations that the prior counts for, in a whole space.
        candidates: Number of candidates per proposal in a whole space.
        fresh: Fraction of these that are samples of the space.
        changes: Number of choices of a good observation that are drawn anew, on average.
        prior_samples: Number of samples of the space that the prior is estimated from, and that
            the fresh candidates are taken from.
        table_good: Fraction of the observations that are good, on a table.
        table_prior_weight: Number of observations that the prior counts for on a table, per column
            of the encoding: the more columns are multiplied, the less each may say.
        table_candidates: Number of random candidates per proposal on a table; None for all.
        bandwidth: Width of an observation in a column of the encodings of a table, in standard
            deviations of the column.
    """

    _tries = 5
    """Draws per candidate; some are no architectures, or were proposed before."""

    def __init__(
        self,
        *args: Any,
        random_first: int = 20,
        good: float = 0.25,
        prior_weight: float = 5.0,
        candidates: int = 50,
        fresh: float = 0.5,
        changes: float = 2.0,
        prior_samples: int = 200,
        table_good: float = 0.1,
        table_prior_weight: float = 0.2,
        table_candidates: int | None = None,
        bandwidth: float = 1.0,
    ) -> None:
        super().__init__(*args)
        self._random_first = random_first
        self._good = good
        self._prior_weight = prior_weight
        self._candidates = candidates
        self._fresh = fresh
        self._changes = changes
        self._prior_samples = prior_samples
        self._table_good = table_good
        self._table_prior_weight = table_prior_weight
        self._table_candidates = table_candidates
        self._bandwidth = bandwidth
        self._encoder = ChoiceEncoder(self.space.choices())
        self._seen: set[str] = set()
        self._rows: list[NDArray[Any]] = []
        """Of each observation the positions of its choices or, on a table, what it adds to a
        density."""
        self._scores: list[float] = []

    def ask(self) -> Proposal | None:
        """Return a sample of the space at first, then the best candidate; None if a table has no
        other."""
        best = self._best_candidate() if len(self._scores) >= self._random_first else None
        if best is None:
            best = self.sample_unseen(self._seen)
        if best is None:
            return None
        self._seen.add(best.canonical_key)
        return Proposal(best)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add a scored architecture to the observations."""
        if score is not None:
            self._add(proposal.architecture, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the observations; it is not proposed any more."""
        self._seen.add(architecture.canonical_key)
        self._add(architecture, score)

    def _add(self, architecture: Any, score: float) -> None:
        try:
            self._rows.append(
                self._encoder.encode(architecture)
                if self.space.table is None
                else self._table_densities.spread(self.space.encode(architecture, "counts"))
            )
        except ArchitectureError:
            return
        self._scores.append(score)

    def _best_candidate(self) -> Any | None:
        """Return the candidate of the largest density ratio; None if there is no candidate."""
        order = np.argsort(-np.array(self._scores), kind="stable")
        ranked = np.stack(self._rows)[order]
        in_table = self.space.table is not None
        count = math.ceil((self._table_good if in_table else self._good) * len(ranked))
        good, other = ranked[:count], ranked[count:]
        return self._best_of_table(good, other) if in_table else self._best_of_space(good, other)

    def _best_of_space(self, good: Indices, other: Indices) -> Any | None:
        drawn = list(self._draw_candidates(good))
        if not drawn:
            return None
        candidates = np.stack([row for _, row in drawn])
        below, above = (
            log_density(candidates, estimate(rows, self._prior, self._prior_weight))
            for rows in (good, other)
        )
        return drawn[int(np.argmax(below - above))][0]

    def _best_of_table(self, good: NDArray[np.float64], other: NDArray[np.float64]) -> Any | None:
        table = self.space.table or ()
        unseen = [i for i, each in enumerate(table) if each.canonical_key not in self._seen]
        if not unseen:
            return None
        candidates = self.rng.permutation(unseen)[: self._table_candidates]
        densities = self._table_densities
        weight = self._table_prior_weight * densities.columns
        ratios = densities.log_ratio(good, other, weight)
        return table[candidates[np.argmax(ratios[candidates])]]

    @cached_property
    def _table_densities(self) -> CountDensities:
        encodings = [self.space.encode(each, "counts") for each in self.space.table or ()]
        return CountDensities(np.stack(encodings), self._bandwidth)

    @cached_property
    def _pool(self) -> list[tuple[Any, Indices]]:
        """Samples of the space that the choices can express."""
        return self._encoder.sample(self.space, self.rng, self._prior_samples)

    @cached_property
    def _prior(self) -> NDArray[np.float64]:
        """Probabilities of the values of each choice in samples of the space."""
        rows = np.array([row for _, row in self._pool], dtype=np.int64)
        rows = rows.reshape(-1, len(self._encoder.labels))
        return estimate(rows, uniform(self._encoder.sizes), weight=1)

    def _draw_candidates(self, good: Indices) -> Iterator[tuple[Any, Indices]]:
        """Yield unseen architectures with their samples."""
        found = 0
        for _ in range(self._tries * self._candidates):
            try:
                architecture, row = self._draw_candidate(good)
            except ArchitectureError:
                continue
            if architecture.canonical_key not in self._seen:
                found += 1
                yield architecture, row
            if found == self._candidates:
                return

    def _draw_candidate(self, good: Indices) -> tuple[Any, Indices]:
        """Return a sample of the space or a changed good one. Raises ArchitectureError."""
        if self._pool and self.rng.random() < self._fresh:
            return self._pool[int(self.rng.integers(len(self._pool)))]
        row = good[int(self.rng.integers(len(good)))]
        architecture = self._encoder.decode(redraw(row, self._prior, self._changes, self.rng))
        return architecture, self._encoder.encode(architecture)
