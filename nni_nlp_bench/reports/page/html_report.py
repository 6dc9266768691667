"""Write a report as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.reports.fronts import format_value
from nni_nlp_bench.reports.page import plots, wording
from nni_nlp_bench.reports.page.best_architectures import BestArchitectureView, best_architectures
from nni_nlp_bench.reports.page.formatting import (
    format_count,
    format_hours,
    format_number,
    format_p_value,
    join_names,
)
from nni_nlp_bench.reports.readers.source import SearchSource
from nni_nlp_bench.reports.sections import Section

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class _Plots:
    """Plots of one section as HTML; None if there is no data."""

    by_evaluations: str
    by_hours: str | None
    ranks: str | None
    fronts: tuple[str, ...]
    """What the strategies found, and attainment curves; empty for one objective."""
    swatches: dict[str, str]
    architectures: list[BestArchitectureView]


def write_report(path: Path, sources: Sequence[SearchSource], sections: Sequence[Section]) -> None:
    """Write the page atomically.

    Args:
        path: File to write.
        sources: Experiments and folders that were read.
        sections: One comparison per benchmark.

    Raises:
        UserError: the file cannot be written, or an architecture cannot be drawn.
    """
    with atomic_write(path) as new:
        new.write_text(render_html(sources, sections), "utf-8")


def render_html(sources: Sequence[SearchSource], sections: Sequence[Section]) -> str:
    """Return the page as HTML text."""
    plots = [_make_plots(f"s{i}", section) for i, section in enumerate(sections)]
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            sources=sources,
            sections=list(zip(sections, plots, strict=True)),
            version=version("nni-nlp-bench"),
        )
    )


def _make_plots(name: str, section: Section) -> _Plots:
    curves, reference, test = section.curves, section.reference, section.friedman
    return _Plots(
        by_evaluations=plots.regret_by_evaluations(f"{name}e", curves, reference),
        by_hours=plots.regret_by_hours(f"{name}h", curves, reference),
        ranks=None if test is None else plots.ranks(f"{name}r", test),
        fronts=_front_plots(name, section),
        swatches={strategy: plots.swatch(i) for i, strategy in enumerate(curves)},
        architectures=[] if section.front else best_architectures(section),
    )


def _front_plots(name: str, section: Section) -> tuple[str, ...]:
    if section.front is None or not section.front.front:
        return ()
    fronts = section.fronts
    return (
        plots.found(f"{name}f", fronts, section.front),
        plots.other_view(f"{name}a", fronts, section.front),
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
        "value": format_value,
        "loss": lambda value: format_number(value, "z.3f"),
        "metric": lambda value: format_number(value, ",.1f"),
        "hours": format_hours,
        "integer": lambda value: format_number(value, ",.0f"),
        "count": format_count,
        "join_names": join_names,
        "p_equation": format_p_value,
        "p_value": lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}",
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "provenance": wording.provenance,
        "verdict": wording.verdict,
    }
    environment.filters |= filters
    return environment
