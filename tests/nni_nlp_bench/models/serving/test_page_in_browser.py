"""The page of a served model in a browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from page_contrasts import CONTRASTS, SMALL_TEXT_CONTRAST

pytestmark = pytest.mark.browser
Show = Callable[[str, int, str], Any]
WAIT_S = 60


@pytest.fixture
def shown(open_page: Callable[[str, int, str], Any], served: Callable[[str], str]) -> Show:
    """Open the page of a model with a width and a colour scheme."""

    def show(kind: str, width: int, scheme: str) -> Any:
        browser = open_page(served(kind), width, scheme)
        wait(browser, "return document.querySelector('#about').children.length > 0")
        return browser

    return show


def wait(browser: Any, condition: str) -> None:
    end = monotonic() + WAIT_S
    while not browser.execute_script(condition):
        assert monotonic() < end, condition
        sleep(0.05)


def ask(browser: Any, text: str, button: str = "go") -> str:
    """Give a text, click, and return the result."""
    field = browser.find_element("id", "text")
    field.clear()
    field.send_keys(text)
    browser.execute_script("document.querySelector('#result').replaceChildren()")
    browser.find_element("id", button).click()
    wait(browser, "return document.querySelector('#result').children.length > 0")
    return str(browser.find_element("id", "result").text)


def faint_texts(browser: Any) -> list[tuple[str, float]]:
    return [
        (text, contrast)
        for text, contrast in browser.execute_script(CONTRASTS)
        if contrast < SMALL_TEXT_CONTRAST
    ]


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (400, "light"),
        pytest.param(400, "dark", marks=pytest.mark.slow),
        pytest.param(1200, "light", marks=pytest.mark.slow),
        (1200, "dark"),
    ],
)
def test_a_classifier_shows_the_probability_of_each_label(
    width: int, scheme: str, shown: Show, screenshot: Callable[[str], Path]
) -> None:
    browser = shown("cnn", width, scheme)
    assert browser.title == "cnn"
    labels = ask(browser, "w1 label2 w3").split("\n")[::2]
    assert sorted(labels) == ["bad", "fair", "good"]
    fills = browser.find_elements("css selector", ".fill")
    widths = [fill.size["width"] for fill in fills]
    assert widths == sorted(widths, reverse=True)
    assert min(widths) > 0
    assert "ms in the model" in browser.find_element("id", "latency").text
    screenshot(f"serve classifier {width} {scheme}")
    root = "document.documentElement"
    assert browser.execute_script(f"return {root}.scrollWidth") == width
    assert faint_texts(browser) == []
    assert browser.get_log("browser") == []


def test_an_error_is_shown_in_place_of_the_result(shown: Show) -> None:
    browser = shown("cnn", 1200, "light")
    assert ask(browser, " ") == "text 0 has no words"
    assert browser.find_element("id", "latency").text == ""
    assert "bad" in ask(browser, "w1")


@pytest.mark.parametrize(
    ("width", "scheme"), [(400, "dark"), pytest.param(1200, "light", marks=pytest.mark.slow)]
)
def test_a_language_model_generates_and_judges(
    width: int, scheme: str, shown: Show, screenshot: Callable[[str], Path]
) -> None:
    browser = shown("rnn_cell", width, scheme)
    assert "Perplexity" in ask(browser, "w1 w2", "judge")
    assert len(ask(browser, "w1").split()) > 10
    screenshot(f"serve language model {width} {scheme}")
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    assert faint_texts(browser) == []
    assert browser.get_log("browser") == []
