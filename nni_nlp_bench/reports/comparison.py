"""Result of a comparison: ranking, plot, report and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.units import rename_metric_keys
from nni_nlp_bench.reports.files import (
    BEST,
    SUMMARY,
    TRIALS,
    write_best,
    write_rows,
    write_searches,
    write_summary,
    write_trials,
)
from nni_nlp_bench.reports.fronts import FRONT, front_metadata, front_rows, joint_front
from nni_nlp_bench.reports.hypervolume import ReferenceFront, full_front, reference_front
from nni_nlp_bench.reports.measures import (
    Reference,
    Summary,
    hypervolume_reference,
    incumbent_losses,
    reference_loss,
    summarize,
)
from nni_nlp_bench.reports.ranking import Ranked, rank, ranking_text
from nni_nlp_bench.reports.searches import SearchRecord, make_record
from nni_nlp_bench.reports.unranked import find_unranked
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
        rank_all: Whether to rank strategies too whose results on a surrogate prove nothing.

    Example:
        >>> result = nni_nlp_bench.compare(benchmark, ["random", "tpe"], n_trials=50)
        >>> print(result)
        >>> result.report("report.html")
    """

    benchmark: Benchmark
    results: tuple[SearchResult, ...]
    budget: str
    rank_all: bool = False

    def __str__(self) -> str:
        """Return the ranking as a table of text."""
        return ranking_text(self.ranked, self.reference, self.title)

    @property
    def title(self) -> str:
        """Name of the benchmark, and budget of each search."""
        return f"{self.benchmark.name}: {self.budget} per search"

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives of searches with several; empty for one."""
        return self.results[0].objectives

    @cached_property
    def records(self) -> tuple[SearchRecord, ...]:
        """The searches as a report reads them; with several objectives, curves are of regret."""
        several = self.objectives
        full = full_front(self.benchmark, several) if several else None
        found = [make_record(r, self.benchmark, self.title, full) for r in self.results]
        return tuple(found)

    @cached_property
    def front(self) -> ReferenceFront | None:
        """The front that hypervolumes are compared with; None for one objective."""
        fronts = [record.front for record in self.records if record.front is not None]
        return reference_front(fronts) if fronts else None

    @cached_property
    def reference(self) -> Reference:
        """What regret is measured from: the lowest loss, or the hypervolume of `front`."""
        if self.front is None:
            return reference_loss(self.benchmark, self.results)
        return hypervolume_reference(self.front)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Metrics of each search."""
        return tuple(
            summarize(result, self.reference, losses)
            for result, losses in zip(self.results, self._losses, strict=True)
        )

    @cached_property
    def _losses(self) -> list[list[float]]:
        """Loss of each search after each evaluation, in the unit of the reference."""
        if self.front is None:
            return [incumbent_losses(result.trials) for result in self.results]
        return [self.front.missing(result.losses()) for result in self.results]

    @cached_property
    def unranked(self) -> tuple[str, ...]:
        """Strategies that ranking and plot leave out: see `reports.unranked`."""
        if self.rank_all:
            return ()
        records = self.records
        return find_unranked((record.strategy, record.counts.predicted) for record in records)

    @cached_property
    def ranked(self) -> tuple[Ranked, ...]:
        """Metrics of each strategy over its seeds, sorted by mean regret in ascending order."""
        return tuple(rank([s for s in self.summaries if s.strategy not in self.unranked]))

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

        With several objectives, also the fronts that the strategies found.

        Args:
            path: File to write. Its suffix selects the format, such as `.png` or `.svg`.
        """
        from nni_nlp_bench.reports.plot import draw_fronts, draw_regret

        if self.front is None:
            shown = [r for r in self.results if r.strategy not in self.unranked]
            draw_regret(Path(path), shown, self.reference, self.title)
        else:
            draw_fronts(Path(path), self.records, self.front, self.title)

    def pareto_front(self) -> pd.DataFrame:
        """Return the joint Pareto front of all searches, one row per architecture.

        Returns:
            Data frame sorted by the first objective, with the first search that found each:
            `strategy`, `seed`, `trial`, the objectives, `canonical_key` and `architecture`.
        """
        import pandas as pd

        return pd.DataFrame(joint_front(self.results))

    def report(self, path: str | Path) -> None:
        """Write a self-contained HTML page: ranking, tests, plots and best architectures.

        Args:
            path: File to write.

        Raises:
            UserError: the file cannot be written.
        """
        from nni_nlp_bench.reports.page.html_report import write_report
        from nni_nlp_bench.reports.readers.source import SearchSource
        from nni_nlp_bench.reports.sections import make_sections

        sources = [SearchSource(self.title, self.records, ())]
        write_report(Path(path), sources, make_sections(sources, self.rank_all))

    def save(self, folder: str | Path) -> None:
        """Write trials.csv, summary.csv, best.json and curve.png.

        With several objectives, also front.csv: the Pareto front of each search. The command
        `nni-nlp-bench report` reads the folder. If the plot fails, a warning is logged.

        Args:
            folder: Output folder; created if missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        space = self.benchmark.space_name
        if self.front is None:
            write_searches(folder, self.results, self.summaries, self.reference, space)
        else:
            write_trials(folder / TRIALS, self.results, self.reference, self._losses)
            write_summary(folder / SUMMARY, self.summaries, self.reference.unit)
            more = front_metadata(self.objectives, self.front)
            write_best(folder / BEST, self.results, self.reference, space, more)
            write_rows(folder / FRONT, front_rows(self.results))
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
