"""Import a benchmark by the name of its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import (
    ImportReport,
    Progress,
    Reading,
    no_progress,
)
from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.benchmarks.table import Table

Format = Literal["nas-bench-nlp"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the results of a format come from."""

    read: Callable[[Path, Progress], Reading]
    description: str
    source: str
    licence: str
    citation: str


FULL_TRAINING = 50
PAPER = (
    'Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language '
    'Processing", IEEE Access, 2022, arXiv 2006.07116'
)
RELEASE = "https://github.com/fmsnew/nas-bench-nlp-release"
ORIGINS: dict[str, Origin] = {
    "nas-bench-nlp": Origin(
        read_release_logs, "Logs of the NAS-Bench-NLP release", RELEASE, "Apache-2.0", PAPER
    ),
}


def import_benchmark(
    source: Path,
    format: Format,
    out: Path,
    name: str | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> ImportReport:
    """Read `source` and save it as a table in the folder `out`, named like `out` by default.

    What cannot be read is listed in the report. Raises BenchmarkError where nothing can be read or
    the table cannot be written.
    """
    if format not in ORIGINS:
        known = ", ".join(get_args(Format))
        raise BenchmarkError(f"unknown format {format!r} of a benchmark; known: {known}")
    if not source.exists():
        raise BenchmarkError(f"{source} does not exist: name the file or folder to import")
    origin = ORIGINS[format]
    reading = origin.read(source, progress)
    if not reading.runs:
        first = "; ".join(f"{name}: {reason}" for name, reason in reading.skipped[:3])
        raise BenchmarkError(f"{source} holds nothing that can be read as {format}. {first}")
    table = Table.from_runs(
        reading.runs,
        name=name or out.name,
        space="rnn_cell",
        epochs=FULL_TRAINING,
        has_curves=reading.has_curves,
        description=origin.description,
        source=origin.source,
        licence=origin.licence,
        citation=origin.citation,
    )
    table.save(out, overwrite)
    kept, skipped = len(reading.runs), reading.skipped
    return ImportReport(kept + len(skipped), kept, skipped, reading.notes)
