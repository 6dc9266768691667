"""Drawings of the best architecture of every strategy."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.reports.searches import BestArchitecture, SearchRecord
from nni_nlp_bench.reports.sections import Section
from search_spaces.registry import get_space

MAX_IMAGES = 6
"""Largest number of images per section."""


@dataclass(frozen=True)
class BestArchitectureView:
    """One architecture with its image, and the searches that found it."""

    key: str
    """Canonical key of the architecture."""
    best: BestArchitecture
    searches: tuple[str, ...]
    """Strategies and seeds, such as `random seed 0`."""
    description: str
    """Descriptors of the architecture, such as `nodes 13, parameters 4,010,000`."""
    image: str
    """SVG image as a data URL."""


def best_architectures(section: Section) -> list[BestArchitectureView]:
    """Return the best architecture of each strategy, by rank; equal architectures are merged."""
    found: dict[str, list[SearchRecord]] = {}
    for row in section.ranked:
        records = [r for r in section.records if r.strategy == row.strategy]
        record = min((r for r in records if r.best is not None), key=_loss, default=None)
        if record is not None and record.best is not None:
            space = get_space(record.space)
            key = space.parse(record.best.architecture).canonical_key
            found.setdefault(key, []).append(record)
    return [_view(key, records) for key, records in list(found.items())[:MAX_IMAGES]]


def _loss(record: SearchRecord) -> float:
    assert record.best is not None
    return record.best.loss


def _view(key: str, records: Sequence[SearchRecord]) -> BestArchitectureView:
    best = records[0].best
    assert best is not None
    space = get_space(records[0].space)
    architecture = space.parse(best.architecture)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "architecture.svg")
        space.draw(architecture, path)
        image = base64.b64encode(path.read_bytes()).decode("ascii")
    descriptors = {name: item for name, item in space.describe(architecture).items() if item}
    return BestArchitectureView(
        key=key,
        best=best,
        searches=tuple(_label(record) for record in records),
        description=", ".join(f"{name} {_format(item)}" for name, item in descriptors.items()),
        image=f"data:image/svg+xml;base64,{image}",
    )


def _format(item: int | float | str) -> str:
    return item if isinstance(item, str) else f"{item:,}"


def _label(record: SearchRecord) -> str:
    return record.strategy if record.seed is None else f"{record.strategy} seed {record.seed}"
