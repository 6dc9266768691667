"""Importers of published results: one reader per format."""

from nni_nlp_bench.benchmarks.importers.csv_table import CsvColumns
from nni_nlp_bench.benchmarks.importers.formats import (
    About,
    Format,
    import_benchmark,
    import_lts_sets,
)
from nni_nlp_bench.benchmarks.importers.reading import ImportReport, Progress, Skipped

__all__ = [
    "About",
    "CsvColumns",
    "Format",
    "ImportReport",
    "Progress",
    "Skipped",
    "import_benchmark",
    "import_lts_sets",
]
