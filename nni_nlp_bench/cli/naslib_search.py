"""What `naslib` does: run NASLib's Trainer with a progress bar, and report as `search` does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.cli.folder import claimed
from nni_nlp_bench.cli.loading import load_of_space
from nni_nlp_bench.cli.output import bar
from nni_nlp_bench.cli.searching import report_searches
from nni_nlp_bench.naslib.compat import prepare
from nni_nlp_bench.naslib.suite import Suite, run_suite
from nni_nlp_bench.strategies.compare import Run
from nni_nlp_bench.strategies.run import search_space


def search_by_naslib(suite: Suite, name: str, space: str, out: Path, as_json: bool) -> None:
    """Run the search, or go on with it, and leave its results in `out`."""
    benchmark = load_of_space(name, space)
    replaced = prepare()
    with claimed(out, {"benchmark": name, **asdict(suite)}, "a search"):
        Console(stderr=True).print(str(replaced), style="dim", highlight=False)
        run = _run_with_progress(suite, benchmark, out / "naslib")
        report_searches(benchmark, [run], _title(suite, benchmark), out, as_json)


def _title(suite: Suite, benchmark: Benchmark) -> str:
    return f"{benchmark.name}: {suite.search.settings.budget.evaluations} evaluations a search"


def _run_with_progress(suite: Suite, benchmark: Benchmark, folder: Path) -> Run:
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

    search = suite.search
    space = search_space(benchmark, search.restrict)
    surrogate = surrogate_of(benchmark) if search.settings.miss == "surrogate" else None
    total = search.settings.budget.evaluations
    with bar(f"{search.strategy}, seed {search.seed}") as advance:
        trials = run_suite(
            suite, benchmark, space, folder, surrogate, lambda t: advance(t.index + 1, total)
        )
    return Run(search.strategy, search.seed, tuple(trials))
