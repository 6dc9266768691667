"""Readers of published results: each turns one format into runs."""

from nni_nlp_bench.benchmarks.importers.formats import Format, import_benchmark
from nni_nlp_bench.benchmarks.importers.reading import ImportReport, Progress, Skipped

__all__ = ["Format", "ImportReport", "Progress", "Skipped", "import_benchmark"]
