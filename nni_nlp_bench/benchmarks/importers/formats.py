"""Import a benchmark by the name of its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.csv_table import CsvColumns, read_csv_table
from nni_nlp_bench.benchmarks.importers.lts import read_lts
from nni_nlp_bench.benchmarks.importers.nas_bench_asr import read_nas_bench_asr
from nni_nlp_bench.benchmarks.importers.nas_bench_bert import read_nas_bench_bert
from nni_nlp_bench.benchmarks.importers.naslib_pickle import read_naslib_pickle
from nni_nlp_bench.benchmarks.importers.nni_db import read_nni_db
from nni_nlp_bench.benchmarks.importers.reading import (
    ImportReport,
    Progress,
    Reading,
    Skipped,
    no_progress,
)
from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.input_files import exists, is_folder

Format = Literal[
    "nas-bench-nlp", "nni-db", "naslib", "nas-bench-bert", "nas-bench-asr", "lts", "csv"
]
FOLDERS: tuple[Format, ...] = ("nas-bench-nlp", "nas-bench-asr", "lts")
"""Formats of which a source may be a folder."""
RELEASE = "https://github.com/fmsnew/nas-bench-nlp-release"
PAPER = (
    'Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language '
    'Processing", IEEE Access, 2022, arXiv 2006.07116'
)
BERT_RELEASE = "https://github.com/aaronserianni/training-free-nas"
BERT_PAPER = (
    "Serianni & Kalita, Training-free Neural Architecture Search for RNNs and Transformers, "
    "ACL 2023, arXiv 2306.00288"
)
ASR_RELEASE = "https://github.com/SamsungLabs/nb-asr"
ASR_PAPER = (
    "Mehrotra et al., NAS-Bench-ASR: Reproducible Neural Architecture Search for Speech "
    "Recognition, ICLR 2021"
)
LTS_RELEASE = "https://github.com/microsoft/archai/tree/neurips-lts/archai/nlp/nas/saved_logs"
LTS_PAPER = (
    "Javaheripi et al., LiteTransformerSearch: Training-free Neural Architecture Search for "
    "Efficient Language Models, NeurIPS 2022, arXiv 2203.02094"
)
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Origin of results, for the metadata of the table."""

    description: str = NOT_STATED
    source: str = NOT_STATED
    licence: str = NOT_STATED
    citation: str = NOT_STATED


_RELEASE = About(source=RELEASE, licence="Apache-2.0", citation=PAPER)
ORIGINS: dict[Format, About] = {
    "nas-bench-nlp": replace(_RELEASE, description="Logs of the NAS-Bench-NLP release"),
    "nni-db": replace(_RELEASE, description="NAS-Bench-NLP from NNI's nlp.db"),
    "naslib": replace(_RELEASE, description="NAS-Bench-NLP from NASLib's nb_nlp.pickle"),
    "nas-bench-bert": About(
        description="NAS-Bench-BERT: scores of trained encoders on GLUE's development sets",
        source=BERT_RELEASE,
        licence="CC BY 4.0",
        citation=BERT_PAPER,
    ),
    "nas-bench-asr": About(
        description="NAS-Bench-ASR: phoneme error rates of trained networks on TIMIT",
        source=ASR_RELEASE,
        licence="Apache-2.0",
        citation=ASR_PAPER,
    ),
    "lts": About(
        description="LiteTransformerSearch: perplexities of trained decoders of language models",
        source=LTS_RELEASE,
        licence="MIT",
        citation=LTS_PAPER,
    ),
    "csv": About(description="Test losses from a CSV file"),
}


def import_benchmark(
    source: Path,
    format: Format,
    out: Path,
    *,
    name: str | None = None,
    dataset: str | None = None,
    epochs: int = 50,
    columns: CsvColumns | None = None,
    about: About | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> ImportReport:
    """Import `source` as a table into the folder `out`, by default with the name of `out`.

    `dataset` selects runs if the source names data sets (logs, `nni-db`), selects the task of
    `nas-bench-bert`, the trainings of `nas-bench-asr` or the set of `lts`, and is the name of the
    data set otherwise (`naslib`, `csv`). `epochs` is the length of a full training if the source
    does not define it; `columns` are those of a `csv`. The report lists entries that cannot be
    read. Raises BenchmarkError if there are none, or the table cannot be written.
    """
    if format not in get_args(Format):
        known = ", ".join(get_args(Format))
        raise BenchmarkError(f"unknown format {format!r} of a benchmark; known: {known}")
    if not exists(source):
        raise BenchmarkError(f"{source} does not exist: name the file or folder to import")
    if columns is not None and format != "csv":
        raise BenchmarkError(f"the format {format} has columns, space, unit and metrics of its own")
    reading = _read(source, format, epochs, dataset, columns, progress)
    dataset = None if format == "lts" else dataset  # it is the set, which has been selected
    name, about = name or out.name, about or ORIGINS[format]
    table, report = _table(reading, source, name, dataset, epochs, about)
    table.save(out, overwrite)
    return report


def import_lts_sets(
    source: Path, out: Path, *, overwrite: bool = False, progress: Progress = no_progress
) -> dict[Path, ImportReport]:
    """Import all sets of LiteTransformerSearch in a folder or archive.

    A single set becomes the table `out`, several become tables in it, such as `out/gpt2-wt103`.

    Returns:
        The report of each table.

    Raises:
        BenchmarkError: There is no set, or one cannot be read or written.
    """
    if not exists(source):
        raise BenchmarkError(f"{source} does not exist: name the file or folder to import")
    readings = read_lts(source, progress=progress)
    folders = {name: out if len(readings) == 1 else out / name for name in readings}
    tables = {
        folders[name]: _table(reading, source, folders[name].name, None, 1, ORIGINS["lts"])
        for name, reading in readings.items()
    }
    for folder, (table, _) in tables.items():
        table.save(folder, overwrite)
    return {folder: report for folder, (_, report) in tables.items()}


def _table(
    reading: Reading, source: Path, name: str, dataset: str | None, epochs: int, about: About
) -> tuple[Table, ImportReport]:
    """Return the table of a reading, and the report of its import. Raises BenchmarkError."""
    epochs = reading.epochs or epochs
    unwanted = dict(_unwanted(reading, dataset, epochs))
    runs = [run for run in reading.runs if run.name not in unwanted]
    skipped = [*reading.skipped, *(Skipped(*entry) for entry in unwanted.items())]
    if not runs:
        first = "; ".join(f"{entry.name}: {entry.reason}" for entry in skipped[:3])
        raise BenchmarkError(f"{source} holds nothing to import. {first}".strip())
    table = Table.from_runs(
        [replace(run, dataset=run.dataset or dataset) for run in runs],
        name=name,
        space=reading.space,
        epochs=epochs,
        has_curves=reading.has_curves,
        unit=reading.unit,
        description=about.description,
        source=about.source,
        licence=about.licence,
        citation=about.citation,
        metrics=reading.metrics,
    )
    report = ImportReport(len(runs) + len(skipped), len(runs), tuple(skipped), reading.notes)
    return table, report


def _read(
    source: Path,
    format: Format,
    epochs: int,
    dataset: str | None,
    columns: CsvColumns | None,
    progress: Progress,
) -> Reading:
    if is_folder(source) and format not in FOLDERS:
        raise BenchmarkError(f"{source} is a folder: the format {format} is one file")
    match format:
        case "nas-bench-nlp":
            return read_release_logs(source, progress)
        case "nni-db":
            return read_nni_db(source, progress)
        case "naslib":
            return read_naslib_pickle(source, epochs, progress)
        case "nas-bench-bert":
            return read_nas_bench_bert(source, dataset, progress)
        case "nas-bench-asr":
            return read_nas_bench_asr(source, dataset, progress)
        case "lts":
            return _one_set(source, read_lts(source, dataset, progress))
        case "csv":
            return read_csv_table(source, columns, progress)


def _one_set(source: Path, readings: Mapping[str, Reading]) -> Reading:
    """Return the only set. Raises BenchmarkError for several."""
    if len(readings) > 1:
        raise BenchmarkError(f"{source} holds several sets, choose one of: {', '.join(readings)}")
    (reading,) = readings.values()
    return reading


def _unwanted(reading: Reading, dataset: str | None, epochs: int) -> Iterator[tuple[str, str]]:
    """Return the names of runs that do not fit the table, with the reasons."""
    for run in reading.runs:
        try:
            run.check_losses(reading.unit)
        except BenchmarkError as error:
            yield run.name, str(error)
            continue
        if run.length > epochs:
            yield run.name, f"{run.length} epochs: a full training has {epochs}"
        elif dataset is not None and run.dataset not in (None, dataset):
            yield run.name, f"of the data set {run.dataset}, not {dataset}"
