"""Which cases of the contracts are slow."""

from __future__ import annotations

import pytest

QUICK_PICTURES = ("0-png", "1-svg", "2-pdf")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of each space one architecture is drawn in each format in the quick tests."""
    for item in items:
        drawn = getattr(item, "originalname", None) == "test_a_picture_is_one_file"
        if drawn and not item.name.removesuffix("]").endswith(QUICK_PICTURES):
            item.add_marker(pytest.mark.slow)
