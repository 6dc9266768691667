"""Syne Tune's schedulers of full trainings as strategies `syne_tune:NAME`."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.frameworks.syne_tune.scheduler_strategy import LOSS, SyneTuneStrategy


class RandomSearch(SyneTuneStrategy):
    """Syne Tune's random search: every choice is uniform."""

    baseline = "RandomSearch"

    def _arguments(self) -> dict[str, Any]:
        return {"metrics": [LOSS]}


class Rea(SyneTuneStrategy):
    """Syne Tune's regularised evolution (Real et al., 2019): a mutant has one other choice.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
        population_size: Size of the population; until it is full, samples are uniform choices.
        sample_size: Number of architectures of which the best is mutated.
    """

    baseline = "REA"

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        population_size: int = 100,
        sample_size: int = 10,
    ) -> None:
        self._sizes = {"population_size": population_size, "sample_size": sample_size}
        super().__init__(*args, random_first=random_first)

    def _arguments(self) -> dict[str, Any]:
        return {"metric": LOSS, **self._sizes}


class Bore(SyneTuneStrategy):
    """Syne Tune's BORE (Tiao et al., 2021, arXiv 2102.09009): a classifier of good samples.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
        candidates: Number of random samples of which the most promising is taken, which is most of
            its time; Syne Tune's own default is 500.
    """

    baseline = "BORE"

    def __init__(self, *args: Any, random_first: int = 10, candidates: int = 100) -> None:
        self._candidates = candidates
        super().__init__(*args, random_first=random_first)

    def _make_sampler(self, seed: int) -> None:
        super()._make_sampler(seed)
        self._scheduler.searcher.feval_acq = self._candidates


class Tpe(SyneTuneStrategy):
    """Syne Tune's TPE (Bergstra et al., 2011): kernel densities of good and of other samples."""

    baseline = "TPE"


class Cqr(SyneTuneStrategy):
    """Syne Tune's conformal quantile regression (Salinas et al., 2023).

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
        update_frequency: Number of results after which the quantiles are fitted again, a second or
            two each time; Syne Tune's own default is 1.
    """

    baseline = "CQR"

    def __init__(self, *args: Any, random_first: int = 10, update_frequency: int = 5) -> None:
        self._update_frequency = update_frequency
        super().__init__(*args, random_first=random_first)

    def _make_sampler(self, seed: int) -> None:
        super()._make_sampler(seed)
        self._scheduler.searcher.update_frequency = self._update_frequency
