"""The table of NAS-Bench-BERT in the catalogue."""

from __future__ import annotations

from nni_nlp_bench.benchmarks.catalogue import Archive, CatalogueEntry
from nni_nlp_bench.benchmarks.importers.formats import ORIGINS

NAS_BENCH_BERT = CatalogueEntry(
    name="nas-bench-bert/glue",
    space="encoder",
    description="mean GLUE score of 500 small transformer encoders, on the development sets",
    licence=ORIGINS["nas-bench-bert"].licence,
    citation=ORIGINS["nas-bench-bert"].citation,
    source=Archive(
        "https://raw.githubusercontent.com/aaronserianni/training-free-nas/main/data/"
        "BERT_benchmark.json",
        "2eb0eb7f12e78417f25647a0179da90dd2266d41",
        "nas-bench-bert",
        "0.5 MB",
    ),
)
