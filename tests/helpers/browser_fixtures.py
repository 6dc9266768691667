"""A browser, for the pages that people look at."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the sandbox refuses root, whom containers run as
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium. Skips where there is none."""
    programs = {name: shutil.which(name) or "" for name in ("chromium", "chromedriver")}
    for name, program in programs.items():
        if not program:
            pytest.skip(f"{name} is not installed (Debian: chromium, chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver")

    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(programs["chromedriver"])
    with webdriver.Chrome(options=options, service=service) as driver:
        driver.set_window_size(1280, 1000)
        yield driver


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[[str, int, str], Any]]:
    """Open an address with a width and a colour scheme; the browser."""

    def show(address: str, width: int, scheme: str) -> Any:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get("about:blank")
        browser.get_log("browser")  # discard messages of earlier pages
        browser.get(address)
        return browser

    yield show
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.fixture(scope="session")
def screenshot(browser: Any) -> Callable[[str], Path]:
    """Save a picture of the whole page in the browser, to be looked at; the file."""

    def save(title: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', title.lower())}.png"
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        file.write_bytes(base64.b64decode(shot["data"]))
        return file

    return save
