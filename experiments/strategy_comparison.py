"""Compare strategies on all benchmarks, with intervals, ranks and critical differences.

    python experiments/strategy_comparison.py tables --out docs/results

`tables` holds imported tables, each in a folder of its own; the embedded benchmarks are added. Run
it again to resume. Searches of a table are restricted to it. For the task NAME:halves each seed
searches a random half of the table's architectures, so that the best one varies; for NAME:band the
architectures whose parameters are within 10 % of the median.

Writes a row per search to strategy_comparison.csv, the versions to strategy_comparison.json, the
tables to strategy_comparison.md and the picture to strategy_comparison.png, all in OUT.

The results in docs/results are those of --tasks ptb,ptb:halves --seeds 50, then --seeds 30, with
the strategies of other frameworks added by --add "optuna:tpe,syne_tune:tpe,..." in an environment
that has them (make test-frameworks).

Look at: strategy_comparison.png, mean regrets in units of random search's.
Change: --strategies, --seeds, --first-seed, --tasks.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from strategy_comparison_report import draw, report
from strategy_comparison_tasks import Task, find_tasks, is_ranked, search

from nni_nlp_bench import __version__
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write, write_json
from nni_nlp_bench.strategies.configs import StrategyConfig, parse_strategies

STRATEGIES = (
    "random,regularized_evolution,local_search,tpe,bayesian,bananas,npenas,guided,naswot,area"
)
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "lightgbm", "optuna"),
    *("syne-tune", "smac", "ConfigSpace", "HEBO"),
)


def main(
    tables: Annotated[Path, typer.Argument(help="Folder of imported tables.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")],
    strategies: Annotated[str, typer.Option(help="As `compare` takes them.")] = STRATEGIES,
    add: Annotated[str, typer.Option(help="More strategies, of other frameworks.")] = "",
    seeds: Annotated[int, typer.Option(min=3, help="Searches of each strategy.")] = 30,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first search.")] = 0,
    tasks: Annotated[str, typer.Option(help="Names of tasks to run; all by default.")] = "",
    processes: Annotated[int, typer.Option(min=1, help="Searches at a time.")] = 2,
) -> None:
    """Run the searches that are missing, and write the tables and the picture."""
    chosen = select_tasks(tables, tasks)
    compare_on(
        chosen,
        parse_strategies(f"{strategies},{add}".strip(",")),
        range(first_seed, first_seed + seeds),
        out / Path(__file__).stem,
        processes,
    )


def compare_on(
    tasks: Sequence[Task],
    configs: Sequence[StrategyConfig],
    seeds: Sequence[int],
    out: Path,
    processes: int,
) -> None:
    """Run the searches that are missing, and write all files.

    Args:
        tasks: Tasks to run.
        configs: Strategies to run and to show.
        seeds: Seeds of each strategy's searches.
        out: Path of the files without their suffixes.
        processes: Searches at a time.
    """
    rows = out.with_suffix(".csv")
    out.parent.mkdir(parents=True, exist_ok=True)
    run_missing(tasks, configs, seeds, rows, processes)
    write_json(out.with_suffix(".json"), versions())
    shown = ranked_only(pd.read_csv(rows), configs)
    with atomic_write(out.with_suffix(".md")) as new:
        new.write_text(report(shown, out.name), "utf-8")
    draw(shown, out.with_suffix(".png"))


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version(), "nni-nlp-bench": __version__}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def select_tasks(tables: Path, names: str) -> list[Task]:
    """Return the tasks of those names, or all of them."""
    return [task for task in find_tasks(tables) if not names or task.name in names.split(",")]


def run_missing(
    tasks: Sequence[Task],
    configs: Sequence[StrategyConfig],
    seeds: Sequence[int],
    path: Path,
    processes: int,
) -> None:
    """Append a row for each search that the file lacks."""
    from joblib import Parallel, delayed
    from rich.progress import track

    done = set()
    if path.exists():
        read = pd.read_csv(path)
        done = set(zip(read["task"], read["strategy"], read["seed"], strict=True))
    missing = [
        (task, config, seed)
        for task in tasks
        for config in configs
        for seed in seeds
        if (task.name, config.name, seed) not in done and is_ranked(task.name, config)
    ]
    run = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1)
    rows = run(delayed(search)(*job) for job in missing)
    for row in track(rows, "searches", total=len(missing)):
        frame = pd.DataFrame([row])
        frame.to_csv(path, mode="a", header=not path.exists(), index=False)


def ranked_only(searches: pd.DataFrame, configs: Sequence[StrategyConfig]) -> pd.DataFrame:
    """Keep the strategies, but on surrogates not those whose model sees the same features."""
    by_name = {config.name: config for config in configs}
    rows = zip(searches["task"], searches["strategy"], strict=True)
    keep = [name in by_name and is_ranked(task, by_name[name]) for task, name in rows]
    return searches[keep]


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
