"""Export of tables to the formats of other tools."""

from nni_nlp_bench.benchmarks.exporters.naslib_pickle import export_naslib_pickle
from nni_nlp_bench.benchmarks.exporters.nni_db import export_nni_db
from nni_nlp_bench.benchmarks.exporters.writing import ExportReport

__all__ = ["ExportReport", "export_naslib_pickle", "export_nni_db"]
