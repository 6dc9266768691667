"""The built site: complete, without the network, and readable in a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from nni_nlp_bench import __version__
from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS

pytestmark = pytest.mark.slow
CARDS = Path(__file__).parents[2] / "docs" / "benchmarks"
CARD_SECTIONS = ("Source and licence", "Fields and units", "Sizes", "Known defects")


class Links(HTMLParser):
    """Links, loaded resources and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := values.get(name))}
        address = values.get("href") or values.get("src")
        if address and tag == "a":
            self.links.append(address)
        elif address:
            self.loaded.append(address)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    return {page: Links(page.read_text("utf-8")) for page in sorted(site.rglob("*.html"))}


def test_every_link_and_anchor_of_the_site_exists(pages: dict[Path, Links]) -> None:
    broken = []
    for page, found in pages.items():
        for link in (*found.links, *found.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or page.name == "404.html":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if target.is_dir():
                target /= "index.html"
            lacks_anchor = target in pages and unquote(parts.fragment) not in {
                "",
                *pages[target].anchors,
            }
            if not target.exists() or lacks_anchor:
                broken.append((page.name, link))
    assert broken == []


def test_every_page_shows_the_version(pages: dict[Path, Links]) -> None:
    footer = re.compile(r'class="md-copyright__highlight">\s*nni-nlp-bench (\S+)\s*<')
    shown = {page.name: footer.findall(page.read_text("utf-8")) for page in pages}
    assert {name: found for name, found in shown.items() if found != [__version__]} == {}


def test_no_page_loads_anything_from_the_network(site: Path, pages: dict[Path, Links]) -> None:
    for page, found in pages.items():
        outside = [address for address in found.loaded if urlsplit(address).netloc]
        assert outside == [], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:|@import", style.read_text("utf-8")), style


def test_every_benchmark_has_a_data_card() -> None:
    cards = {page: page.read_text("utf-8") for page in CARDS.glob("card_*.md")}
    shown = {name for text in cards.values() for name in re.findall(r"<!-- card: (\S+) -->", text)}
    assert shown == set(BENCHMARKS)
    for page, text in cards.items():
        missing = [title for title in CARD_SECTIONS if f"## {title}" not in text]
        assert missing == [], page.name


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize(
    "page",
    [
        "index.html",
        "start/tour.html",
        "tutorial.html",
        "search_methods.html",
        "reference/commands/search.html",
        "reference/api/searches.html",
        "reference/components/strategies.html",
        "benchmarks/card_lts.html",
        "glossary.html",
    ],
)
def test_a_page_fits_and_follows_the_colour_scheme(
    site: Path,
    open_page: Callable[[str, int, str], Any],
    screenshot: Callable[[str], Path],
    page: str,
    width: int,
    scheme: str,
) -> None:
    browser = open_page((site / page).as_uri(), width, scheme)
    wait(lambda: browser.execute_script("return document.readyState") == "complete")
    screenshot(f"site {page} {width} {scheme}")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = browser.execute_script("return document.body.dataset.mdColorScheme")
    assert shown == {"light": "default", "dark": "slate"}[scheme]
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "expected", "place"),
    [
        ("install", "start/install.html", 1),
        ("baseline", "automl.html", 1),
        ("own data", "data.html", 1),
        ("resume", "tutorial.html", 1),
        ("GPU", "start/install.html", 1),
        ("cite", "index.html", 1),
        ("license", "index.html", 1),
        ("Slurm", "clusters.html", 1),
        ("perplexity", "glossary.html", 1),
        ("zero-cost", "zero_cost.html", 1),
        ("successive halving", "multi_fidelity.html", 2),
        ("on-missing", "reference/commands/", 10),
    ],
)
def test_the_search_finds_pages_without_a_server(
    site: Path, open_page: Callable[[str, int, str], Any], query: str, expected: str, place: int
) -> None:
    browser = open_page((site / "index.html").as_uri(), 1280, "light")
    field = browser.find_element("css selector", ".md-search__input")
    browser.execute_script("arguments[0].focus()", field)
    field.send_keys(query)

    def found() -> bool:
        links = "[...document.querySelectorAll('.md-search-result__item > a')]"
        paths = f"return [...new Set({links}.map(link => link.pathname))]"
        return any(f"/{expected}" in path for path in browser.execute_script(paths)[:place])

    wait(found)  # the results of the whole query follow those of its first letters


@pytest.mark.browser
def test_the_copy_button_takes_commands_without_their_outputs(
    site: Path, open_page: Callable[[str, int, str], Any]
) -> None:
    browser = open_page((site / "tutorial.html").as_uri(), 1280, "light")
    code = browser.find_element("css selector", "pre > code")
    browser.execute_script("arguments[0].setAttribute('data-md-copying', '')", code)
    text = browser.execute_script("return arguments[0].innerText", code)
    assert text.startswith("nni-nlp-bench compare --strategies random")
    assert len(text.splitlines()) > 1
    assert text.split("\n", 1)[1].strip() == ""


@pytest.mark.browser
def test_the_theme_is_switched_by_a_button(
    site: Path, open_page: Callable[[str, int, str], Any]
) -> None:
    browser = open_page((site / "index.html").as_uri(), 1280, "dark")
    scheme = "return document.body.dataset.mdColorScheme"
    wait(lambda: browser.execute_script(scheme) == "slate")
    buttons = browser.find_elements("css selector", "form[data-md-component=palette] label")
    next(button for button in buttons if button.is_displayed()).click()
    wait(lambda: browser.execute_script(scheme) == "default")
    browser.execute_script("localStorage.clear()")


def wait(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until a condition holds. Raises AssertionError if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
