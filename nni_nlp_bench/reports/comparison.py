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
from search_spaces.plotting import warn_on_failure

if TYPE_CHECKING:
    import pandas as pd

CURVE = "curve.png"


@dataclass(frozen=True)
class ComparisonResult:
    """Results of searches by one or more strategies on one benchmark.

    Attributes:
        benchmark: Benchmark that answered the evaluations.
        results: One result per search.
        budget: Budget of each search, such as `100 evaluations`.

    Example:
        >>> result = nni_nlp_bench.compare(benchmark, ["random", "tpe"], n_trials=50)
        >>> result.ranking()
        >>> result.report("report.html")
    """

    benchmark: Benchmark
    results: tuple[SearchResult, ...]
    budget: str

    @property
    def title(self) -> str:
        """Name of the benchmark, and budget of each search."""
        return f"{self.benchmark.name}: {self.budget} per search"

    @cached_property
    def reference(self) -> Reference:
        """Loss that regret is measured from."""
        return reference_loss(self.benchmark, self.results)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Metrics of each search."""
        return tuple(summarize(result, self.reference) for result in self.results)

    @cached_property
    def ranked(self) -> tuple[Ranked, ...]:
        """Metrics of each strategy over its seeds, sorted by mean regret in ascending order."""
        return tuple(rank(self.summaries))

    def ranking(self) -> pd.DataFrame:
        """Return a table with one row per strategy, sorted by mean regret in ascending order.

        Returns:
            Data frame indexed by `strategy`. Metrics of losses are named after the unit, such as
            `best_perplexity`.
        """
        import pandas as pd

        metric = self.reference.unit.metric
        rows = [rename_metric_keys(asdict(row), metric) for row in self.ranked]
        return pd.DataFrame(rows).set_index("strategy")

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table with one row per trial of every search."""
        import pandas as pd

        return pd.concat([result.to_dataframe() for result in self.results], ignore_index=True)

    def plot(self, path: str | Path) -> None:
        """Plot mean regret against evaluations and against simulated hours.

        Args:
            path: File to write. Its suffix selects the format, such as `.png` or `.svg`.
        """
        from nni_nlp_bench.reports.plot import draw_regret

        draw_regret(Path(path), self.results, self.reference, self.title)

    def report(self, path: str | Path) -> None:
        """Write a self-contained HTML page: ranking, tests, plots and best architectures.

        Args:
            path: File to write.

        Raises:
            UserError: the file cannot be written.
        """
        from nni_nlp_bench.reports.page.html_report import write_report
        from nni_nlp_bench.reports.readers.source import SearchSource
        from nni_nlp_bench.reports.searches import make_record
        from nni_nlp_bench.reports.sections import make_sections

        records = [make_record(result, self.benchmark, self.title) for result in self.results]
        sources = [SearchSource(self.title, tuple(records), ())]
        write_report(Path(path), sources, make_sections(sources))

    def save(self, folder: str | Path) -> None:
        """Write trials.csv, summary.csv, best.json and curve.png.

        The command `nni-nlp-bench report` reads the folder. If the plot fails, a warning is logged.

        Args:
            folder: Output folder; created if missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        space = self.benchmark.space_name
        write_searches(folder, self.results, self.summaries, self.reference, space)
        with warn_on_failure(folder / CURVE):
            self.plot(folder / CURVE)


def exhausted_note(results: Sequence[SearchResult]) -> str | None:
    """Return a note if searches ended because the table was exhausted, else None."""
    ended = sum(result.exhausted for result in results)
    if not ended:
        return None
    return (
        f"{ended} of {len(results)} searches ended early: every architecture of the table had a "
        "full training"
    )
