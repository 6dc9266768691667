"""Write the report as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.reports.page import figures, wording
from nni_nlp_bench.reports.page.best_cells import BestCell, best_cells
from nni_nlp_bench.reports.page.words import count, known, listed, p_word
from nni_nlp_bench.reports.readers.readings import SearchSource
from nni_nlp_bench.reports.sections import Section

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class _Pictures:
    """Of one section, as HTML; None where there is nothing to draw."""

    by_evaluations: str
    by_hours: str | None
    ranks: str | None
    swatches: dict[str, str]
    cells: list[BestCell]


def write_report(path: Path, readings: Sequence[SearchSource], sections: Sequence[Section]) -> None:
    """The page; it appears whole or not at all. Raises UserError."""
    with atomic_write(path) as new:
        new.write_text(html(readings, sections), "utf-8")


def html(readings: Sequence[SearchSource], sections: Sequence[Section]) -> str:
    """The page as text."""
    pictures = [_pictures(f"s{i}", section) for i, section in enumerate(sections)]
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            readings=readings,
            parts=list(zip(sections, pictures, strict=True)),
            version=version("nni-nlp-bench"),
        )
    )


def _pictures(name: str, section: Section) -> _Pictures:
    curves, reference, test = section.curves, section.reference, section.friedman
    return _Pictures(
        by_evaluations=figures.regret_by_evaluations(f"{name}e", curves, reference),
        by_hours=figures.regret_by_hours(f"{name}h", curves, reference),
        ranks=None if test is None else figures.ranks(f"{name}r", test),
        swatches={strategy: figures.swatch(i) for i, strategy in enumerate(curves)},
        cells=best_cells(section),
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("nni_nlp_bench.reports.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "loss": lambda value: known(value, "z.3f"),
        "figure": lambda value: known(value, ",.1f"),
        "whole": lambda value: known(value, ",.0f"),
        "count": count,
        "listed": listed,
        "p_word": p_word,
        "p_number": lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}",
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "provenance": wording.provenance,
        "verdict": wording.verdict,
    }
    environment.filters |= filters
    return environment
