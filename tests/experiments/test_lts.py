"""The figures of LiteTransformerSearch's tables: the page has those that the script prints."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nni_nlp_bench.benchmarks.importers import import_lts_sets

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/lts.md").read_text("utf-8")
STUDY: dict[str, Any] = runpy.run_path(str(HOME / "experiments/lts.py"))


@pytest.fixture(scope="module")
def folder(shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the shared archive."""
    out = tmp_path_factory.mktemp("tables")
    import_lts_sets(shared("lts/saved_logs.tar.gz"), out)
    return out


def test_the_page_has_the_figures_of_sizes(folder: Path, tmp_path: Path) -> None:
    tables = STUDY["load_tables"](folder)
    rows = pd.DataFrame([STUDY["sizes"](table) for table in tables.values()])
    assert STUDY["markdown"](rows) in PAGE
    STUDY["draw"](tables, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_page_has_the_figures_of_the_surrogate(folder: Path) -> None:
    """Of every third table, to the last digit but one: the trees' last digits differ between
    processors."""
    for name, table in [*STUDY["load_tables"](folder).items()][::3]:
        cells = [*map(str, STUDY["surrogate"](table).values())]
        (line,) = [of for of in PAGE.splitlines() if of.startswith(f"| `{name}`") and "%" in of]
        printed = line.strip("| ").split(" | ")
        assert printed[0] == cells[0]
        for found, expected in zip(cells[1:], printed[1:], strict=True):
            assert float(found.strip(" %")) == pytest.approx(float(expected.strip(" %")), rel=0.02)
