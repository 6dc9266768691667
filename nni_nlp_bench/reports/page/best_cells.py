"""The best architecture of every strategy, drawn."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.reports.searches import BestArchitecture, SearchRecord
from nni_nlp_bench.reports.sections import Section
from search_spaces.base import get_space

MOST = 6
"""So many pictures in a section at most."""


@dataclass(frozen=True)
class BestCell:
    """One architecture with its picture, and the searches that ended with it."""

    key: str
    """Its canonical key."""
    find: BestArchitecture
    searches: tuple[str, ...]
    """Strategies and seeds, in words."""
    facts: str
    """Its sizes and operations, in words."""
    picture: str
    """Address of the picture, which holds the picture itself."""


def best_cells(section: Section) -> list[BestCell]:
    """In the order of the strategies; one that several strategies ended with stands once."""
    found: dict[str, list[SearchRecord]] = {}
    for row in section.ranked:
        own = [r for r in section.records if r.strategy == row.strategy]
        best = min((r for r in own if r.find is not None), key=_loss, default=None)
        if best is not None and best.find is not None:
            space = get_space(best.space)
            key = space.parse(best.find.architecture).canonical_key
            found.setdefault(key, []).append(best)
    return [_cell(key, records) for key, records in list(found.items())[:MOST]]


def _loss(record: SearchRecord) -> float:
    assert record.find is not None
    return record.find.loss


def _cell(key: str, records: Sequence[SearchRecord]) -> BestCell:
    find = records[0].find
    assert find is not None
    space = get_space(records[0].space)
    architecture = space.parse(find.architecture)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cell.svg")
        space.draw(architecture, path)
        picture = base64.b64encode(path.read_bytes()).decode("ascii")
    facts = space.describe(architecture)
    return BestCell(
        key=key,
        find=find,
        searches=tuple(_search(record) for record in records),
        facts=", ".join(f"{name} {value:,}" for name, value in facts.items() if value != 0),
        picture=f"data:image/svg+xml;base64,{picture}",
    )


def _search(record: SearchRecord) -> str:
    return record.strategy if record.seed is None else f"{record.strategy} seed {record.seed}"
