"""Results of one-shot searches that differ in their seeds, and the summary of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write, write_csv, write_json
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.one_shot.files import BEST
from nni_nlp_bench.one_shot.task import OneShotTask
from search_spaces.registry import get_space

if TYPE_CHECKING:
    import pandas as pd

SEEDS, SUMMARY = "seeds.csv", "summary.json"


@dataclass(frozen=True, slots=True)
class SeedResult:
    """Result of the search with one seed."""

    seed: int
    architecture: Any
    """The architecture that was found."""
    value: float
    """Its validation metric with the shared weights; NaN without training, or if not finite."""

    def row(self, metric: str | None) -> dict[str, Any]:
        """Return the row of a table; it has no metric if that is None."""
        shown = {} if metric is None else {metric: self.value}
        return {"seed": self.seed, **shown, "canonical_key": self.architecture.canonical_key}


@dataclass(frozen=True, slots=True)
class SeedsResult:
    """Results of one-shot searches that differ in their seeds.

    Attributes:
        folder: Output folder; the files of each search are in its folder `seed-SEED`.
        space: Name of the search space.
        strategy: Name of the one-shot strategy.
        metric: Validation metric, such as `dev_accuracy`; None for a strategy that does not train.
        maximize: Whether a higher metric is better.
        results: One result per seed, in their order.
    """

    folder: Path
    space: str
    strategy: str
    metric: str | None
    maximize: bool
    results: tuple[SeedResult, ...]

    @property
    def mean(self) -> float:
        """Mean of the metric over seeds; NaN without a metric."""
        return mean(result.value for result in self.results)

    @property
    def std(self) -> float:
        """Sample standard deviation of the metric over seeds; NaN for one seed or no metric."""
        values = [result.value for result in self.results]
        return stdev(values) if len(values) > 1 and math.isfinite(self.mean) else math.nan

    @property
    def best(self) -> SeedResult | None:
        """Result with the best metric, of equal ones the first; None without a metric."""
        found = [result for result in self.results if math.isfinite(result.value)]
        choose = max if self.maximize else min
        return choose(found, key=lambda result: result.value, default=None)

    @property
    def table(self) -> pd.DataFrame:
        """One row per seed: the metric, and the canonical key of what was found."""
        import pandas as pd

        return pd.DataFrame([each.row(self.metric) for each in self.results]).set_index("seed")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "space": self.space,
            "strategy": self.strategy,
            "metric": self.metric,
            "better": "higher" if self.maximize else "lower",
            "mean": self.mean,
            "std": self.std,
            "best_seed": None if self.best is None else self.best.seed,
            "seeds": [each.row(self.metric) for each in self.results],
        }

    def save(self) -> None:
        """Write seeds.csv, summary.json, and the best.json of the best seed. Raises UserError."""
        rows = [result.row(self.metric) for result in self.results]
        write_csv(self.folder / SEEDS, list(rows[0]), rows)
        write_json(self.folder / SUMMARY, self.to_dict())
        if self.best is not None:
            with atomic_write(self.folder / BEST) as new:
                new.write_bytes((seed_folder(self.folder, self.best.seed) / BEST).read_bytes())


def seed_folder(out: Path, seed: int) -> Path:
    """Return the output folder of the search with a seed."""
    return out / f"seed-{seed}"


def read_seeds(
    out: Path, task: OneShotTask, strategy: str, trains: bool, seeds: Sequence[int]
) -> SeedsResult:
    """Read the results of complete searches.

    Args:
        out: Output folder of all searches.
        task: Task of one of the searches.
        strategy: Name of the one-shot strategy.
        trains: Whether it trains the supernet, so that there is a metric.
        seeds: Seeds of the searches.

    Raises:
        UserError: A file is damaged, or of another search.
    """
    metric = task.metric if trains else None
    wanted = {"space": task.space, "strategy": strategy, "digest": task.metadata()["digest"]}
    results = []
    for seed in seeds:
        path = seed_folder(out, seed) / BEST
        found = read_json(path, remedy="delete it to search again")
        results.append(_seed_result(path, found, {**wanted, "seed": seed}, metric))
    return SeedsResult(out, task.space, strategy, metric, task.maximize, tuple(results))


def _seed_result(
    path: Path, found: Any, wanted: Mapping[str, Any], metric: str | None
) -> SeedResult:
    try:
        others = [name for name, value in wanted.items() if found[name] != value]
        architecture = get_space(wanted["space"]).parse(json.dumps(found["architecture"]))
        value = None if metric is None else found[metric]
        value = math.nan if value is None else float(value)
    except (KeyError, TypeError, ValueError, UserError):
        raise UserError(f"{path} is damaged: delete it to search again") from None
    if others:
        raise UserError(
            f"{path} is of another search ({', '.join(others)} differ): choose another --out"
        )
    return SeedResult(wanted["seed"], architecture, value)
