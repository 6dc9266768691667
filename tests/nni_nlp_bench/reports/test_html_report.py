"""HTML reports are well-formed, self-contained, and escape their contents."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.page.html_report import render_html, write_report
from nni_nlp_bench.reports.readers.source import SearchSource
from nni_nlp_bench.reports.searches import SearchRecord
from nni_nlp_bench.reports.sections import make_sections

MakeRecord = Callable[..., SearchRecord]
HOSTILE = "<script>alert(1)</script>\"' & $\\frac{1}{2}$"
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Parser that checks that all elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def render_page(records: list[SearchRecord], name: str = "invented") -> str:
    sources = [SearchSource(name, tuple(records), ("excluded: one search",))]
    return render_html(sources, make_sections(sources))


@pytest.fixture
def records(make_record: MakeRecord) -> list[SearchRecord]:
    return [
        make_record(name, seed, [6.0, 5.0 + i * seed / 10, 4.6 + i / 10])
        for seed in range(7)
        for i, name in enumerate(("random", "local_search", HOSTILE))
    ]


def test_page_is_self_contained(records: list[SearchRecord]) -> None:
    text = render_page(records)
    page = Page(text)
    assert not re.search(r"https?:", text)
    assert not any(tag in ("script", "link", "iframe", "object") for tag, _ in page.tags)
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/svg+xml;base64,"))
    assert not re.search(r"@import|url\((?!#)", text)


def test_ids_are_unique_and_references_resolve(records: list[SearchRecord]) -> None:
    other = [record for record in records if record.strategy == "random"]
    text = render_page([*records, *(replace_benchmark(record) for record in other)])
    ids = [attributes["id"] for _, attributes in Page(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = re.findall(r'(?:url\(|href="|labelledby=")#?([\w-]+)', text)
    assert set(wanted) <= set(ids)


def replace_benchmark(record: SearchRecord) -> SearchRecord:
    return replace(record, benchmark="other")


def test_names_are_escaped(records: list[SearchRecord]) -> None:
    text = render_page(records, HOSTILE)
    page = Page(text)
    assert "<script" not in text
    assert (
        page.text.count(HOSTILE) >= 4
    )  # ranking, pairwise tests, legend, critical-difference diagram
    assert not any("onerror" in attributes for _, attributes in page.tags)


def test_all_texts_of_files_are_escaped(records: list[SearchRecord]) -> None:
    """Benchmark, strategy, source, warnings and architectures come from files."""
    hostile = [
        replace(
            record,
            benchmark=HOSTILE,
            best=record.best and replace(record.best, source=HOSTILE),
        )
        for record in records
    ]
    sources = [SearchSource(HOSTILE, tuple(hostile), (HOSTILE,))]
    text = render_html(sources, make_sections(sources))
    page = Page(text)
    expected = {tag for tag, _ in Page(render_page(records)).tags}
    assert {tag for tag, _ in page.tags} <= expected
    assert "<script" not in text
    assert page.text.count(HOSTILE) >= 10
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_page_contains_the_results(records: list[SearchRecord]) -> None:
    page = Page(render_page(records))
    words = " ".join(page.text.split())
    assert "All 63 evaluations were predicted by synthetic" in words
    assert "random 7 0.000 [0.000, 0.000] 99.5 99.5 ± 0.0 3 (7/7) 3" in words
    assert "local_search has" not in words
    assert "best found by the searches of this report" in words
    assert "Excluded: one search." in words
    assert "Two-sided Wilcoxon signed-rank tests over the 7 seeds" in words
    assert "critical difference 1.25" in words
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 3
    for image in images:
        assert "nodes" in (image["alt"] or "")
        _, _, data = (image["src"] or "").partition("base64,")
        assert b"</svg>" in base64.b64decode(data)


def test_plots_and_tables_have_labels(records: list[SearchRecord]) -> None:
    page = Page(render_page(records))
    plots = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all("aria-label" in plot or plot.get("aria-hidden") == "true" for plot in plots)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") == 3
    assert tags.count("figure") == tags.count("figcaption")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_report_on_one_failed_search(make_record: MakeRecord) -> None:
    """One failed search with unknown hours: text instead of plots and numbers."""
    record = make_record("random", None, [math.nan, math.nan])
    untimed = replace(record, curve=replace(record.curve, hours=(math.nan, math.nan)))
    words = " ".join(Page(render_page([untimed])).text.split())
    assert "No training succeeded." in words
    assert "the searches do not record them" in words
    assert "No test was run: there is only one strategy." in words
    assert not re.search(r"\bnan\b", words.lower())


def test_report_is_written_atomically(records: list[SearchRecord], tmp_path: Path) -> None:
    assert records[0].best is not None
    broken = replace(records[0].best, architecture="{}")
    sources = [SearchSource("invented", (replace(records[0], best=broken),), ())]
    with pytest.raises(UserError):
        write_report(tmp_path / "report.html", sources, make_sections(sources))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="cannot write"):
        write_report(tmp_path / "no" / "report.html", sources, [])


def test_report_is_deterministic(records: list[SearchRecord]) -> None:
    assert render_page(records) == render_page(records)
