"""Result of a comparison: ranking, plot, report and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.units import rename_metric_keys
from nni_nlp_bench.reports.files import write_searches
from nni_nlp_bench.reports.measures import Reference, Summary, reference_loss, summarize
from nni_nlp_bench.reports.ranking import Ranked, rank
from nni_nlp_bench.strategies.result import SearchResult

if TYPE_CHECKING:
    import pandas as pd

CURVE = "curve.png"


@dataclass(frozen=True)
class ComparisonResult:
    """Searches of one or more strategies on one benchmark."""

    benchmark: Benchmark
    results: tuple[SearchResult, ...]
    budget: str
    """What each search could spend, such as `100 evaluations`."""

    @property
    def title(self) -> str:
        """The benchmark and the budget."""
        return f"{self.benchmark.name}: {self.budget} per search"

    @cached_property
    def reference(self) -> Reference:
        """The loss that regret is measured from."""
        return reference_loss(self.benchmark, self.results)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """One row per search."""
        return tuple(summarize(result, self.reference) for result in self.results)

    @cached_property
    def ranked(self) -> tuple[Ranked, ...]:
        """One row per strategy, the lowest mean regret first."""
        return tuple(rank(self.summaries))

    def ranking(self) -> pd.DataFrame:
        """Return one row per strategy, the lowest mean regret first."""
        import pandas as pd

        metric = self.reference.unit.figure
        rows = [rename_metric_keys(asdict(row), metric) for row in self.ranked]
        return pd.DataFrame(rows).set_index("strategy")

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per trial of every search."""
        import pandas as pd

        return pd.concat([result.to_dataframe() for result in self.results], ignore_index=True)

    def plot(self, path: str | Path) -> None:
        """Plot mean regret against evaluations and simulated hours; the suffix is the format."""
        from nni_nlp_bench.reports.plot import draw_regret

        draw_regret(Path(path), self.results, self.reference, self.title)

    def report(self, path: str | Path) -> None:
        """Write an HTML page with regret, tests, plots and the best architectures."""
        from nni_nlp_bench.reports.page.html_report import write_report
        from nni_nlp_bench.reports.readers.readings import SearchSource
        from nni_nlp_bench.reports.searches import record_of
        from nni_nlp_bench.reports.sections import sections_of

        records = [record_of(result, self.benchmark, self.title) for result in self.results]
        sources = [SearchSource(self.title, tuple(records), ())]
        write_report(Path(path), sources, sections_of(sources))

    def save(self, folder: str | Path) -> None:
        """Write trials.csv, summary.csv, best.json and curve.png; `report` reads them back."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        space = self.benchmark.space_name
        write_searches(folder, self.results, self.summaries, self.reference, space)
        self.plot(folder / CURVE)


def exhausted_note(results: Sequence[SearchResult]) -> str | None:
    """Return a sentence if searches ended because the table was used up, else None."""
    ended = sum(result.exhausted for result in results)
    if not ended:
        return None
    return (
        f"{ended} of {len(results)} searches ended early: every architecture of the table had a "
        "full training"
    )
