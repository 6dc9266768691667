"""Data cards: what the catalogue knows of a benchmark, for `<!-- card: NAME -->` on a page."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_parts import table

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Archive, CatalogueEntry


def card(name: str) -> str:
    """Return the card of a benchmark as a table. Raises UnknownNameError."""
    entry = BENCHMARKS.get(name)
    return "\n".join(table(["", f"`{name}`"], _rows(entry)))


def _rows(entry: CatalogueEntry) -> Iterator[tuple[str, str]]:
    yield "content", entry.description
    yield "search space", f"`{entry.space}`"
    if isinstance(entry.source, Archive):
        yield from _archive(entry.source)
    else:
        yield "source", "part of the package, no download"
        yield from _opened(entry.source.open())
    yield "licence", entry.licence
    yield "citation", entry.citation


def _archive(archive: Archive) -> Iterator[tuple[str, str]]:
    kind = "tree" if archive.format == "lts" else "blob"
    yield "source", f"<{archive.url}>"
    yield "size", archive.size
    yield "checksum", f"git {kind} id `{archive.blob_id}`, compared after the download"


def _opened(benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    architectures = benchmark.architectures()
    count = "any of the space" if architectures is None else f"{len(architectures):,}"
    curves = "a loss after every epoch" if benchmark.has_curves else "final losses only"
    yield "name in results", f"`{benchmark.name}`"
    yield "architectures", count
    yield "objective", f"`{benchmark.objective}`, {benchmark.unit}"
    yield "epochs", f"{benchmark.epochs}; {curves}"
    yield "objectives of a search", ", ".join(f"`{name}`" for name in benchmark.objectives)
    yield "checksum", f"`digest` `{benchmark.digest}`"
