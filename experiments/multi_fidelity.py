"""Multi-fidelity strategies at equal simulated hours: the tables of docs/multi_fidelity.md.

    nni-nlp-bench benchmark download nas-bench-nlp/wikitext-2
    python experiments/multi_fidelity.py --out runs/multi_fidelity

Every search may spend the cost of so many full trainings of mean length, as in `nni-nlp-bench
study`; eight workers share it in one part. Prints mean regrets at a quarter, a half, three quarters
and all of that, with 95 % intervals. About an hour on two cores; run it again to go on after an
interruption.

Look at: which strategies reach at 50 % what hyperband reaches at 100 %.
Change: --benchmarks, --strategies, --seeds; --wikitext-2 takes the folder of a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.cli.search_runner import jobs_for, search_progress
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.reports.measures import reference_loss
from nni_nlp_bench.reports.study import SHARES, cost_text, study_rows
from nni_nlp_bench.strategies.compare import run_comparison
from nni_nlp_bench.strategies.configs import StrategyConfig, parse_strategies
from nni_nlp_bench.strategies.equal_cost import Cost
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.study import Study, plan_study

STRATEGIES = (
    "random,guided,hyperband,successive_halving,asha,bohb,mfes_hb,predictive_termination,"
    "predictive_termination(strategy='guided'),mf_kd"
)
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"


@dataclass(frozen=True)
class Part:
    """Searches on one benchmark."""

    benchmark: str
    trainings: int
    """Budget in full trainings of mean length."""
    seeds: int
    workers: int = 1
    """Parallel trainings, which share the budget."""


PARTS = {
    "wikitext-2": Part(WIKITEXT_2, trainings=100, seeds=50),
    "wikitext-2-parallel": Part(WIKITEXT_2, trainings=100, seeds=50, workers=8),
    "mini": Part("mini", trainings=30, seeds=20),
    "surrogate": Part("nas-bench-nlp/wikitext-2-surrogate", trainings=30, seeds=50),
}


def main(
    out: Annotated[Path, typer.Option(help="Folder for the searches.")],
    benchmarks: Annotated[str, typer.Option(help="Comma-separated parts.")] = ",".join(PARTS),
    strategies: Annotated[str, typer.Option(help="As `compare` takes them.")] = STRATEGIES,
    wikitext_2: Annotated[str, typer.Option(help="Name or folder of the table.")] = WIKITEXT_2,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds of every part.")] = None,
    processes: Annotated[int | None, typer.Option(help="Default: one a core.")] = None,
) -> None:
    """Run the searches of each part and print its table."""
    for name in benchmarks.split(","):
        if name not in PARTS:
            raise UserError(f"unknown part {name!r}; known: {', '.join(PARTS)}")
        part = replace(PARTS[name], seeds=seeds or PARTS[name].seeds)
        benchmark = load(wikitext_2 if part.benchmark == WIKITEXT_2 else part.benchmark)
        runs: list[SearchResult] = []
        for config in parse_strategies(strategies):
            study = plan(benchmark, config, part)
            runs += run(benchmark, study, out / name / folder_name(config), processes)
        print_table(benchmark, part, study.cost, runs)


def plan(benchmark: Benchmark, config: StrategyConfig, part: Part) -> Study:
    """Return the searches of one strategy, restricted to the table if there is one."""
    study = plan_study(benchmark, [config], range(part.seeds), part.trainings)
    cost = replace(study.cost, limit=study.cost.limit / part.workers)
    settings = study.comparison.settings
    budget = replace(settings.budget, hours=cost.limit)
    settings = replace(settings, workers=part.workers, budget=budget)
    restrict = benchmark.size is not None
    comparison = replace(study.comparison, settings=settings, restrict=restrict)
    return replace(study, comparison=comparison, cost=cost)


def run(
    benchmark: Benchmark, study: Study, folder: Path, processes: int | None
) -> list[SearchResult]:
    """Run the searches, or read those that ran before."""
    count = len(study.comparison.searches())
    settings = study.comparison.to_dict(benchmark)
    with locked_output_dir(folder, settings, "a comparison"), search_progress(count) as progress:
        return run_comparison(
            benchmark,
            study.comparison,
            journals=folder / "journals",
            n_jobs=jobs_for(processes, count),
            progress=progress,
        )


def folder_name(config: StrategyConfig) -> str:
    """Return the strategy's name with its options, without characters that shells read."""
    return re.sub(r"\W+", "-", config.name).strip("-")


def print_table(benchmark: Benchmark, part: Part, cost: Cost, runs: Sequence[SearchResult]) -> None:
    """Print mean regrets and intervals as a table in Markdown, the lowest final regret first."""
    rows = study_rows(runs, cost, benchmark.epochs, reference_loss(benchmark, runs))
    columns = [f"{share:.0%}: {cost_text(share * cost.limit)}" for share in SHARES]
    workers = f", {part.workers} workers" if part.workers > 1 else ""
    print(f"\n{benchmark.name}, {part.seeds} seeds, {cost.unit}{workers}\n")
    print(f"| strategy | {' | '.join(columns)} | to the end / all |")
    print("|---" * (len(columns) + 2) + "|")
    for name in dict.fromkeys(row.method for row in rows):
        cells = [
            f"{row.regret:.3f} [{row.low:.3f}, {row.high:.3f}]"
            for row in rows
            if row.method == name
        ]
        print(f"| `{name}` | {' | '.join(cells)} | {trainings(benchmark, name, runs)} |")


def trainings(benchmark: Benchmark, name: str, runs: Sequence[SearchResult]) -> str:
    """Return the mean numbers of full trainings and of all evaluations of a search."""
    found = [run.trials for run in runs if run.strategy == name]
    full = np.mean([sum(t.result.epoch == benchmark.epochs for t in trials) for trials in found])
    return f"{full:.0f} / {np.mean([len(trials) for trials in found]):.0f}"


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
