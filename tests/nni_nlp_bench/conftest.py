"""A browser, for the pages that people look at."""

from browser_fixtures import browser, open_page, screenshot

__all__ = ["browser", "open_page", "screenshot"]
