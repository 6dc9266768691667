"""Every search of a report once, under a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.searches import SearchRecord


def deduplicate(read: Sequence[SearchRecord]) -> tuple[list[SearchRecord], list[str]]:
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
    for (strategy, seed), own in searches.items():
        experiments = [record.experiment for record in own]
        if len(set(experiments)) < len(experiments):
            raise UserError(
                f"{own[0].experiment} holds {strategy} seed {seed} twice, with different results"
            )
    return [
        replace(r, strategy=f"{r.strategy}, {r.experiment}") if r.strategy in clashing else r
        for own in searches.values()
        for r in own
    ], remarks
