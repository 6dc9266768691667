"""Every search of a report once, under a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nni_nlp_bench.reports.searches import SearchRecord
from search_spaces.errors import UserError


def told_apart(read: Sequence[SearchRecord]) -> tuple[list[SearchRecord], list[str]]:
    """The searches, and remarks on those that were read twice and count once.

    Where a strategy ran with one seed in several ways, as with other options, each experiment's
    searches stand under a name of their own. Raises UserError where one experiment holds both.
    """
    searches: dict[tuple[str, int | str], list[SearchRecord]] = {}
    remarks = []
    for record in read:
        seed = record.experiment if record.seed is None else record.seed
        own = searches.setdefault((record.strategy, seed), [])
        twin = next((known for known in own if known.curve.losses == record.curve.losses), None)
        if twin is None:
            own.append(record)
        else:
            remarks.append(
                f"{record.strategy} seed {seed} is the same search in {twin.experiment} and "
                f"{record.experiment}: it counts once"
            )
    clashing = {strategy for (strategy, _), own in searches.items() if len(own) > 1}
    records = [record for own in searches.values() for record in own]
    named = [
        replace(r, strategy=f"{r.strategy}, {r.experiment}") if r.strategy in clashing else r
        for r in records
    ]
    _check(named)
    return named, remarks


def _check(records: Sequence[SearchRecord]) -> None:
    seen = set()
    for record in records:
        key = record.strategy, record.seed
        if record.seed is not None and key in seen:
            raise UserError(
                f"{record.experiment} holds {record.strategy} seed {record.seed} twice, with "
                "different results"
            )
        seen.add(key)
