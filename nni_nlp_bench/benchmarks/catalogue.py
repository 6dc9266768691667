"""Benchmarks by name: published archives and packaged ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
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
from nni_nlp_bench.benchmarks.importers.formats import About
from nni_nlp_bench.benchmarks.importers.lts_files import tree_id
from nni_nlp_bench.benchmarks.importers.reading import no_progress
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.input_files import exists, is_folder, user_path
from nni_nlp_bench.core.registry import Registry, UnknownNameError
from search_spaces.registry import get_space

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


_ENTRIES = "nni_nlp_bench.benchmarks.entries"
BENCHMARKS: Registry[CatalogueEntry] = Registry(
    "benchmark",
    "nni_nlp_bench.benchmarks",
    {
        "lts/gpt2-wt103": f"{_ENTRIES}.lts:GPT2_WT103",
        "lts/gpt2-lm1b": f"{_ENTRIES}.lts:GPT2_LM1B",
        "lts/txl-wt103": f"{_ENTRIES}.lts:TXL_WT103",
        "lts/txl-lm1b": f"{_ENTRIES}.lts:TXL_LM1B",
        "lts/txl-wt103-homogeneous": f"{_ENTRIES}.lts:TXL_WT103_HOMOGENEOUS",
        "lts/gpt2-lm1b-arm": f"{_ENTRIES}.lts:GPT2_LM1B_ARM",
        "lts/gpt2-lm1b-corei7": f"{_ENTRIES}.lts:GPT2_LM1B_COREI7",
        "lts/gpt2-lm1b-titanxp": f"{_ENTRIES}.lts:GPT2_LM1B_TITANXP",
        "lts/txl-lm1b-arm": f"{_ENTRIES}.lts:TXL_LM1B_ARM",
        "lts/txl-lm1b-corei7": f"{_ENTRIES}.lts:TXL_LM1B_COREI7",
        "lts/txl-lm1b-titanxp": f"{_ENTRIES}.lts:TXL_LM1B_TITANXP",
        "mini": f"{_ENTRIES}.mini:MINI",
        "nas-bench-bert/glue": f"{_ENTRIES}.nas_bench_bert:NAS_BENCH_BERT",
        "nas-bench-nlp/ptb-multi-run": f"{_ENTRIES}.nas_bench_nlp:PTB_MULTI_RUN",
        "nas-bench-nlp/ptb-single-run": f"{_ENTRIES}.nas_bench_nlp:PTB_SINGLE_RUN",
        "nas-bench-nlp/ptb-surrogate": f"{_ENTRIES}.nas_bench_nlp:PTB_SURROGATE",
        "nas-bench-nlp/ptb-surrogate-v1": f"{_ENTRIES}.nas_bench_nlp:PTB_SURROGATE_1",
        "nas-bench-nlp/ptb-surrogate-v2": f"{_ENTRIES}.nas_bench_nlp:PTB_SURROGATE_2",
        "nas-bench-nlp/wikitext-2": f"{_ENTRIES}.nas_bench_nlp:WIKITEXT_2",
        "nas-bench-nlp/wikitext-2-surrogate": f"{_ENTRIES}.nas_bench_nlp:WIKITEXT_2_SURROGATE",
        "nas-bench-nlp/wikitext-2-surrogate-v1": f"{_ENTRIES}.nas_bench_nlp:WIKITEXT_2_SURROGATE_1",
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
