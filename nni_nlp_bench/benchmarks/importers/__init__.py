"""Readers of published results: each turns one format into runs."""

from nni_nlp_bench.benchmarks.importers.csv_table import CsvColumns
from nni_nlp_bench.benchmarks.importers.formats import About, Format, import_benchmark
from nni_nlp_bench.benchmarks.importers.reading import ImportReport, Progress, Skipped

__all__ = [
    "About",
    "CsvColumns",
    "Format",
    "ImportReport",
    "Progress",
    "Skipped",
    "import_benchmark",
]
