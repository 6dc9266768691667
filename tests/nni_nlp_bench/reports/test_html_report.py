"""The page: whole, alone, and safe against what it shows."""

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
from nni_nlp_bench.reports.page.html_report import html, write_report
from nni_nlp_bench.reports.readers.readings import SearchSource
from nni_nlp_bench.reports.searches import SearchRecord
from nni_nlp_bench.reports.sections import sections_of

RecordOf = Callable[..., SearchRecord]
HOSTILE = "<script>alert(1)</script>\"' & $\\frac{1}{2}$"
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """The elements of a page, checked to be closed in order."""

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


def page_of(records: list[SearchRecord], name: str = "invented") -> str:
    readings = [SearchSource(name, tuple(records), ("left out: one search",))]
    return html(readings, sections_of(readings))


@pytest.fixture
def records(record_of: RecordOf) -> list[SearchRecord]:
    return [
        record_of(name, seed, [6.0, 5.0 + i * seed / 10, 4.6 + i / 10])
        for seed in range(7)
        for i, name in enumerate(("random", "local_search", HOSTILE))
    ]


def test_the_page_needs_nothing_else(records: list[SearchRecord]) -> None:
    text = page_of(records)
    page = Page(text)
    assert not re.search(r"https?:", text)
    assert not any(tag in ("script", "link", "iframe", "object") for tag, _ in page.tags)
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/svg+xml;base64,"))
    assert not re.search(r"@import|url\((?!#)", text)


def test_ids_are_given_once_and_references_lead_somewhere(records: list[SearchRecord]) -> None:
    other = [record for record in records if record.strategy == "random"]
    text = page_of([*records, *(replace_benchmark(record) for record in other)])
    ids = [attributes["id"] for _, attributes in Page(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = re.findall(r'(?:url\(|href="|labelledby=")#?([\w-]+)', text)
    assert set(wanted) <= set(ids)


def replace_benchmark(record: SearchRecord) -> SearchRecord:
    return replace(record, benchmark="other")


def test_hostile_names_are_text(records: list[SearchRecord]) -> None:
    text = page_of(records, HOSTILE)
    page = Page(text)
    assert "<script" not in text
    assert page.text.count(HOSTILE) >= 4  # the table, the pairs, the legend, the plot of ranks
    assert not any("onerror" in attributes for _, attributes in page.tags)


def test_the_page_tells_the_numbers(records: list[SearchRecord]) -> None:
    page = Page(page_of(records))
    words = " ".join(page.text.split())
    assert "All 63 evaluations were predicted by synthetic" in words
    assert "random 7 0.000 [0.000, 0.000] 99.5 99.5 ± 0.0 3 (7/7) 3" in words
    assert "local_search has" not in words
    assert "best found by the searches of this report" in words
    assert "Left out: one search." in words
    assert "Wilcoxon's signed-rank test of every two strategies over the 7 seeds" in words
    assert "critical difference 1.25" in words
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == 3
    for picture in pictures:
        assert "nodes" in (picture["alt"] or "")
        _, _, data = (picture["src"] or "").partition("base64,")
        assert b"</svg>" in base64.b64decode(data)


def test_every_plot_and_table_says_what_it_is(records: list[SearchRecord]) -> None:
    page = Page(page_of(records))
    plots = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all("aria-label" in plot or plot.get("aria-hidden") == "true" for plot in plots)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") == 3
    assert tags.count("figure") == tags.count("figcaption")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_a_page_of_little(record_of: RecordOf) -> None:
    """One failed search, whose hours nobody knows: words in place of plots and numbers."""
    record = record_of("random", None, [math.nan, math.nan])
    untimed = replace(record, curve=replace(record.curve, hours=(math.nan, math.nan)))
    words = " ".join(Page(page_of([untimed])).text.split())
    assert "No training succeeded." in words
    assert "the searches record none" in words
    assert "nothing to test" in words
    assert not re.search(r"\bnan\b", words.lower())


def test_the_file_is_whole_or_not_there(records: list[SearchRecord], tmp_path: Path) -> None:
    assert records[0].find is not None
    broken = replace(records[0].find, architecture="{}")
    readings = [SearchSource("invented", (replace(records[0], find=broken),), ())]
    with pytest.raises(UserError):
        write_report(tmp_path / "report.html", readings, sections_of(readings))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="cannot write"):
        write_report(tmp_path / "no" / "report.html", readings, [])


def test_the_same_searches_give_the_same_page(records: list[SearchRecord]) -> None:
    assert page_of(records) == page_of(records)
