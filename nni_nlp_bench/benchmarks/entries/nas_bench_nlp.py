"""The tables of NAS-Bench-NLP's release and the surrogates made of them in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import Archive, CatalogueEntry, Packaged
from nni_nlp_bench.benchmarks.importers import Format
from nni_nlp_bench.benchmarks.importers.formats import ORIGINS
from nni_nlp_bench.benchmarks.surrogate.packaged import PTB_VERSION, WIKITEXT_2_VERSION

_LOGS: Format = "nas-bench-nlp"
_RELEASE = "https://raw.githubusercontent.com/fmsnew/nas-bench-nlp-release/master"


def _released(name: str, folder: str, blob_id: str, description: str, size: str) -> CatalogueEntry:
    return CatalogueEntry(
        name=name,
        space="rnn_cell",
        description=description,
        licence=ORIGINS[_LOGS].licence,
        citation=ORIGINS[_LOGS].citation,
        source=Archive(f"{_RELEASE}/{folder}/logs.zip", blob_id, _LOGS, size),
    )


PTB_MULTI_RUN = _released(
    "nas-bench-nlp/ptb-multi-run",
    "train_logs_multi_runs",
    "7414e12600ecb30cf1f46431ca420f35484b4546",
    "language models on Penn Treebank: curves of up to three seeds per recipe",
    "logs of up to 14,003 ids",
)
PTB_SINGLE_RUN = _released(
    "nas-bench-nlp/ptb-single-run",
    "train_logs_single_run",
    "53e2e0dc72a1c22519b240e6d3fc77b513de7ea8",
    "language models on Penn Treebank: curves of one seed per recipe",
    "logs of up to 14,322 recipes",
)
WIKITEXT_2 = _released(
    "nas-bench-nlp/wikitext-2",
    "train_logs_wikitext-2",
    "7177f880232265cf4e16da0c907379ebaa35d568",
    "language models on WikiText-2: curves of one seed per recipe",
    "345 logs, 0.9 MB",
)


def _open_ptb_surrogate(version: int) -> Benchmark:
    from nni_nlp_bench.benchmarks.surrogate.packaged import ptb_surrogate
    from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark

    return SurrogateBenchmark(f"nas-bench-nlp/ptb-surrogate-v{version}", ptb_surrogate(version))


def _open_wikitext_2_surrogate(version: int) -> Benchmark:
    from nni_nlp_bench.benchmarks.curve_benchmark import CurveSurrogateBenchmark
    from nni_nlp_bench.benchmarks.surrogate.packaged import wikitext_2_surrogate

    model = wikitext_2_surrogate(version)
    return CurveSurrogateBenchmark(f"nas-bench-nlp/wikitext-2-surrogate-v{version}", model)


def _surrogate(
    name: str, description: str, licence: str, open_surrogate: Callable[[], Benchmark]
) -> CatalogueEntry:
    return CatalogueEntry(
        name=f"nas-bench-nlp/{name}",
        space="rnn_cell",
        description=description,
        licence=licence,
        citation=(
            "losses: Serianni & Kalita, Training-free Neural Architecture Search for RNNs and "
            "Transformers, ACL 2023; recipes: " + ORIGINS[_LOGS].citation
        ),
        source=Packaged(open_surrogate),
    )


def _ptb_surrogate(suffix: str, version: int, description: str) -> CatalogueEntry:
    return _surrogate(
        f"ptb-surrogate{suffix}",
        f"predicted final test loss of any cell on Penn Treebank, {description}",
        "CC BY 4.0",
        partial(_open_ptb_surrogate, version),
    )


def _wikitext_2_surrogate(suffix: str, version: int, description: str) -> CatalogueEntry:
    return _surrogate(
        f"wikitext-2-surrogate{suffix}",
        f"predicted learning curves of any cell on WikiText-2, {description}",
        "Apache-2.0; losses on Penn Treebank CC BY 4.0",
        partial(_open_wikitext_2_surrogate, version),
    )


_NEWEST = "newest version; comes with the package"
PTB_SURROGATE = _ptb_surrogate("", PTB_VERSION, _NEWEST)
PTB_SURROGATE_1 = _ptb_surrogate("-v1", 1, "version 1")
PTB_SURROGATE_2 = _ptb_surrogate("-v2", 2, "version 2")
WIKITEXT_2_SURROGATE = _wikitext_2_surrogate("", WIKITEXT_2_VERSION, _NEWEST)
WIKITEXT_2_SURROGATE_1 = _wikitext_2_surrogate("-v1", 1, "version 1")
