"""Rendering of the report in a browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_contrasts import CONTRASTS, SMALL_TEXT_CONTRAST

from nni_nlp_bench.automl.page.report import write_report
from nni_nlp_bench.automl.result import AutoMLResult

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_no_clipping_and_sufficient_contrast(
    open_page: Callable[[str, int, str], Any],
    run: AutoMLResult,
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    page = tmp_path / "report.html"
    write_report(page, run)
    browser = open_page(page.as_uri(), width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    contrasts = browser.execute_script(CONTRASTS)
    assert [text for text, contrast in contrasts if contrast < SMALL_TEXT_CONTRAST] == []
    plots = browser.find_elements("css selector", ".plots svg")
    assert len(plots) == 3
    assert all(plot.size["width"] > 300 and plot.size["height"] > 100 for plot in plots)
    assert browser.get_log("browser") == []
