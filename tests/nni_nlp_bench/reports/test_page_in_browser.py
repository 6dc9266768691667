"""Rendering of reports in a browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_contrasts import CONTRASTS, SMALL_TEXT_CONTRAST

from nni_nlp_bench.reports.page.html_report import write_report
from nni_nlp_bench.reports.readers.source import SearchSource
from nni_nlp_bench.reports.searches import SearchRecord
from nni_nlp_bench.reports.sections import make_sections

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("page") / "report.html"


@pytest.fixture
def shown(
    open_page: Callable[[str, int, str], Any],
    page: Path,
    make_record: Callable[..., SearchRecord],
) -> Callable[[int, str], Any]:
    """Open the page with a width and a colour scheme."""
    names = ("random", "local_search", "bayesian", "regularized_evolution", "tpe")
    records = [
        make_record(
            name, seed, [6.0 - i, 5.0 + (i * seed % 4) / 10, 4.5 + (2 * i + i * seed % 3) / 50]
        )
        for seed in range(6)
        for i, name in enumerate(names)
    ]
    sources = [SearchSource("invented", tuple(records), ("excluded: one search",))]
    write_report(page, sources, make_sections(sources))

    return lambda width, scheme: open_page(page.as_uri(), width, scheme)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "light"),
        pytest.param(390, "dark", marks=pytest.mark.slow),
        pytest.param(1280, "light", marks=pytest.mark.slow),
        (1280, "dark"),
    ],
)
def test_no_clipping_and_sufficient_contrast(shown, width: int, scheme: str, screenshot) -> None:
    browser = shown(width, scheme)
    screenshot(f"report {width} {scheme}")
    root = "document.documentElement"
    assert browser.execute_script(f"return {root}.scrollWidth") == width
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    faint = [
        (text, contrast)
        for text, contrast in browser.execute_script(CONTRASTS)
        if contrast < SMALL_TEXT_CONTRAST
    ]
    assert not faint
    pictures = "return [...document.images].map((i) => i.complete && i.naturalWidth > 0)"
    assert browser.execute_script(pictures) == [True] * 5


def test_plots_are_rendered(shown) -> None:
    browser = shown(1280, "light")
    for svg in browser.find_elements("css selector", ".plots svg"):
        assert svg.size["width"] > 300 and svg.size["height"] > 100
    captions = [each.text for each in browser.find_elements("css selector", "figcaption")]
    assert any("critical-difference" in text.lower() for text in captions)
    assert browser.get_log("browser") == []
