"""Jobs of the experiments, on workers: their rows are appended to a CSV file as each is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiment_tables import append_rows, read_rows

from nni_nlp_bench.cli.output import bar

Row = Mapping[str, Any]
Job = Callable[[], Sequence[Row]]


def run_jobs(
    file: Path,
    columns: Sequence[str],
    jobs: Mapping[str, Job],
    cluster: tuple[str | None, int],
    done: int = 0,
) -> None:
    """Run jobs on workers, and append the rows of each to a file.

    Args:
        file: The table.
        columns: Its columns.
        jobs: Functions that return rows, by their names in error messages.
        cluster: Scheduler and number of workers, as `parallel.cluster` takes them.
        done: Number of jobs that were done before, for the progress bar.

    Raises:
        ParallelError: Jobs failed; raised after all others are done.
    """
    from nni_nlp_bench.parallel.cluster import cluster as connect
    from nni_nlp_bench.parallel.map import map_unordered

    if not jobs:
        return
    with connect(*cluster) as client, bar(file.stem) as progress:
        results = map_unordered(client, rows_of, list(jobs.items()), lambda job: job[0])
        for number, (_, rows) in enumerate(results, start=done + 1):
            append_rows(file, columns, rows)
            progress(number, done + len(jobs))


def rows_of(job: tuple[str, Job]) -> Sequence[Row]:
    """Return the rows of a named job."""
    return job[1]()


def resume(
    file: Path,
    columns: Sequence[str],
    wanted: Sequence[Row],
    identity: Sequence[str],
    work: Callable[..., Row],
    study: Any,
    cluster: tuple[str | None, int],
) -> list[dict[str, str]]:
    """Make the rows that a file lacks, and return all.

    Args:
        file: The table.
        columns: Its columns.
        wanted: Arguments of `work` for each row.
        identity: Arguments that identify a row.
        work: Called with the study and the arguments.
        study: What all rows share.
        cluster: Scheduler and number of workers, as `parallel.cluster` takes them.
    """
    done = {tuple(row[key] for key in identity) for row in read_rows(file)}
    jobs = {}
    for arguments in wanted:
        key = tuple(str(arguments[name]) for name in identity)
        if key not in done:
            jobs[", ".join(key)] = partial(one_row, work, study, arguments)
    run_jobs(file, columns, jobs, cluster, len(done))
    return read_rows(file)


def one_row(work: Callable[..., Row], study: Any, arguments: Row) -> list[Row]:
    """Return the row of some arguments."""
    return [work(study, **arguments)]
