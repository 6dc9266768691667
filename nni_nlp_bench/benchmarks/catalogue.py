"""Benchmarks by name: published archives and packaged ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.benchmarks.download import (
    PATIENCE,
    Patience,
    Progress,
    download,
    git_blob_id,
    place,
)
from nni_nlp_bench.benchmarks.importers import Format, ImportReport, import_benchmark
from nni_nlp_bench.benchmarks.importers.formats import ORIGINS, About
from nni_nlp_bench.benchmarks.importers.lts_files import tree_id
from nni_nlp_bench.benchmarks.importers.reading import no_progress
from nni_nlp_bench.benchmarks.surrogate.packaged import PTB_VERSION, WIKITEXT_2_VERSION
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.input_files import exists, is_folder, user_path
from nni_nlp_bench.core.registry import Registry, UnknownNameError
from search_spaces.base import get_space

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Archive:
    """A published file of results that is imported into a table."""

    url: str
    blob_id: str
    """Git blob id of the content; of an archive of LiteTransformerSearch the git tree id of the
    release's folder."""
    format: Format
    size: str
    dataset: str | None = None
    """What to import if the file holds several benchmarks; they share its download."""

    @property
    def file_name(self) -> str:
        """Published file name."""
        return Path(urlsplit(self.url).path).name

    def content_id(self, path: Path) -> str:
        """Return the git id of a copy of the file, which should be `blob_id`."""
        return tree_id(path) if self.format == "lts" else git_blob_id(path)


@dataclass(frozen=True, slots=True)
class Packaged:
    """A benchmark that is part of a package and needs no download."""

    open: Callable[[], Benchmark]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A named benchmark.

    Plug-ins register an instance under the entry-point group `nni_nlp_bench.benchmarks`.
    """

    name: str
    space: str
    description: str
    licence: str
    citation: str
    source: Archive | Packaged

    @property
    def folder(self) -> Path:
        """Local folder of the table, and of the archive unless others share it."""
        return cache_folder() / self.name

    def archive_file(self, archive: Archive) -> Path:
        """Return the local file of the archive, next to the folders of those that share it."""
        folder = self.folder if archive.dataset is None else self.folder.parent
        return folder / archive.file_name

    @property
    def table(self) -> Path:
        """Local folder of the imported table."""
        return self.folder / "table"

    @property
    def is_downloaded(self) -> bool:
        """Whether `load` can open it without a download."""
        return isinstance(self.source, Packaged) or self.table.is_dir()


BENCHMARKS: Registry[CatalogueEntry] = Registry(
    "benchmark",
    "nni_nlp_bench.benchmarks",
    {
        "lts/gpt2-wt103": "nni_nlp_bench.benchmarks.lts_catalogue:GPT2_WT103",
        "lts/gpt2-lm1b": "nni_nlp_bench.benchmarks.lts_catalogue:GPT2_LM1B",
        "lts/txl-wt103": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_WT103",
        "lts/txl-lm1b": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_LM1B",
        "lts/txl-wt103-homogeneous": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_WT103_HOMOGENEOUS",
        "lts/gpt2-lm1b-arm": "nni_nlp_bench.benchmarks.lts_catalogue:GPT2_LM1B_ARM",
        "lts/gpt2-lm1b-corei7": "nni_nlp_bench.benchmarks.lts_catalogue:GPT2_LM1B_COREI7",
        "lts/gpt2-lm1b-titanxp": "nni_nlp_bench.benchmarks.lts_catalogue:GPT2_LM1B_TITANXP",
        "lts/txl-lm1b-arm": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_LM1B_ARM",
        "lts/txl-lm1b-corei7": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_LM1B_COREI7",
        "lts/txl-lm1b-titanxp": "nni_nlp_bench.benchmarks.lts_catalogue:TXL_LM1B_TITANXP",
        "mini": "nni_nlp_bench.benchmarks.catalogue:MINI",
        "nas-bench-bert/glue": "nni_nlp_bench.benchmarks.catalogue:NAS_BENCH_BERT",
        "nas-bench-nlp/ptb-multi-run": "nni_nlp_bench.benchmarks.catalogue:PTB_MULTI_RUN",
        "nas-bench-nlp/ptb-single-run": "nni_nlp_bench.benchmarks.catalogue:PTB_SINGLE_RUN",
        "nas-bench-nlp/ptb-surrogate": "nni_nlp_bench.benchmarks.catalogue:PTB_SURROGATE",
        "nas-bench-nlp/ptb-surrogate-v1": "nni_nlp_bench.benchmarks.catalogue:PTB_SURROGATE_1",
        "nas-bench-nlp/ptb-surrogate-v2": "nni_nlp_bench.benchmarks.catalogue:PTB_SURROGATE_2",
        "nas-bench-nlp/wikitext-2": "nni_nlp_bench.benchmarks.catalogue:WIKITEXT_2",
        "nas-bench-nlp/wikitext-2-surrogate": (
            "nni_nlp_bench.benchmarks.catalogue:WIKITEXT_2_SURROGATE"
        ),
        "nas-bench-nlp/wikitext-2-surrogate-v1": (
            "nni_nlp_bench.benchmarks.catalogue:WIKITEXT_2_SURROGATE_1"
        ),
    },
    requires=("name", "space", "source", "description", "licence"),
)


def cache_folder() -> Path:
    """Return NNI's folder of benchmarks: $NASBENCHMARK_DIR, else `nasbenchmark` in NNI's cache."""
    named = os.environ.get("NASBENCHMARK_DIR")
    if named:
        return Path(named).expanduser()
    nni_home = os.environ.get("NNI_HOME")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(nni_home) if nni_home else Path(caches) / "nni"
    return home.expanduser() / "nasbenchmark"


def load(name_or_path: str, space: str | None = None) -> Benchmark:
    """Return the benchmark of that name, or the table in that folder.

    Args:
        name_or_path: Name in the catalogue, or folder of a table.
        space: Name of the search space that the benchmark must be of; None for any.

    Raises:
        UnknownNameError: No benchmark or space has that name.
        BenchmarkError: It is not downloaded yet, damaged, or of another space.

    >>> load("mini").space.name
    'rnn_cell'
    """
    benchmark = _load(name_or_path)
    if space is not None and get_space(space).name != benchmark.space_name:
        raise BenchmarkError(f"{benchmark.name} is a benchmark of space {benchmark.space_name!r}")
    return benchmark


def _load(name_or_path: str) -> Benchmark:
    if name_or_path not in BENCHMARKS:
        path = user_path(name_or_path)
        if is_folder(path):
            return Table.load(path)
        raise _unknown(path)
    entry = BENCHMARKS.get(name_or_path)
    if isinstance(entry.source, Packaged):
        return entry.source.open()
    if not entry.is_downloaded:
        command = f"nni-nlp-bench benchmark download {entry.name}"
        raise BenchmarkError(
            f"{entry.name} is not downloaded yet: run `{command}` (without a network: add "
            f"`--file FILE` with a copy of {entry.source.url})"
        )
    return Table.load(entry.table)


def download_benchmark(
    name: str,
    *,
    rng: np.random.Generator,
    url: str | None = None,
    file: Path | None = None,
    patience: Patience = PATIENCE,
    progress: Progress | None = None,
    import_progress: Callable[[int, int], None] = no_progress,
) -> ImportReport | None:
    """Download and import a benchmark, unless done already.

    Args:
        name: Name of the benchmark.
        rng: Source of the random waits between attempts.
        url: Another address of the same archive.
        file: Local copy of the archive.
        patience: Timeouts and number of attempts.
        progress: Called with the downloaded and the total number of bytes.
        import_progress: Called with the imported and the total number of logs.

    Returns:
        The report of the import; None if nothing was imported.

    Raises:
        UnknownNameError: No benchmark has that name.
        DownloadError: The archive cannot be downloaded, or its checksum is wrong.
        BenchmarkError: The archive cannot be imported.
    """
    entry = BENCHMARKS.get(name)
    archive = entry.source
    if isinstance(archive, Packaged):
        return None
    target, expected = entry.archive_file(archive), archive.blob_id
    if file is not None:
        place(file, target, expected, content_id=archive.content_id)
    else:
        download(
            url or archive.url,
            target,
            expected,
            content_id=archive.content_id,
            rng=rng,
            patience=patience,
            progress=progress,
        )
    if _opens(entry.table):
        return None
    about = About(
        description=entry.description,
        source=archive.url,
        licence=entry.licence,
        citation=entry.citation,
    )
    return import_benchmark(
        target,
        archive.format,
        entry.table,
        name=name,
        dataset=archive.dataset,
        about=about,
        overwrite=True,
        progress=import_progress,
    )


def _opens(table: Path) -> bool:
    try:
        Table.load(table)
    except BenchmarkError:
        return False
    return True


def _unknown(path: Path) -> Exception:
    known = ", ".join(BENCHMARKS)
    if exists(path):
        return BenchmarkError(
            f"{path} is a file, not the folder of a table: make a table of it with "
            "`nni-nlp-bench benchmark import`"
        )
    return UnknownNameError(
        f"unknown benchmark {str(path)!r}; known: {known}, or the folder of a table"
    )


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


def _open_mini() -> Benchmark:
    return Table.load(Path(__file__).parent / "mini" / "table")


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
