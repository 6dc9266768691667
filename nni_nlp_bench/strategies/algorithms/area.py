"""Regularised evolution from well-scoring architectures (AREA; Mellor et al., 2021)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.regularized_evolution import RegularizedEvolution
from nni_nlp_bench.strategies.algorithms.score_ranking import RankedSamples


class Area(RegularizedEvolution):
    """Regularised evolution that begins with the best of random architectures by a zero-cost score.

    Of `candidates` random architectures the `population` best are trained first; the others can
    still come up as mutations. `score` is a zero-cost score of the space; None for its default
    (docs/zero_cost.md). Scores take no simulated time.
    """

    def __init__(
        self,
        *args: Any,
        score: str | None = None,
        candidates: int = 100,
        population: int = 20,
        tournament: int = 10,
    ) -> None:
        super().__init__(*args, population=population, tournament=tournament)
        if candidates < population:
            raise UserError(
                f"area: candidates must be at least the population of {population}, "
                f"got {candidates}"
            )
        self._samples = RankedSamples(self, "area", score, candidates)

    def _sample_initial(self) -> Any | None:
        """Return the best candidate that is left; None if the space seems exhausted."""
        return self._samples.take(self._seen)
