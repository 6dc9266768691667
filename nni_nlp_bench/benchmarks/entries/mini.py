"""The packaged table `mini` in the catalogue."""

from __future__ import annotations

from pathlib import Path

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import CatalogueEntry, Packaged
from nni_nlp_bench.benchmarks.table import Table


def _open_mini() -> Benchmark:
    return Table.load(Path(__file__).parents[1] / "mini" / "table")


MINI = CatalogueEntry(
    name="mini",
    space="rnn_cell",
    description=(
        "measured curves of published cells, trained small on Python's documentation; comes with "
        "the package"
    ),
    licence="MIT",
    citation="nni-nlp-bench",
    source=Packaged(_open_mini),
)
