"""Remove duplicate searches from a report, and give ambiguous strategies unique names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.searches import SearchRecord


def deduplicate(
    records: Sequence[SearchRecord],
) -> tuple[list[SearchRecord], list[str]]:
    """Return the distinct searches, and a warning for each duplicate.

    If a strategy ran with the same seed but other options in several experiments, the name of the
    experiment is appended to that of the strategy.

    Args:
        records: Searches on one benchmark.

    Returns:
        The distinct searches, and the warnings.

    Raises:
        UserError: one experiment has two different searches of the same strategy and seed.
    """
    searches: dict[tuple[str, int | str], list[SearchRecord]] = {}
    warnings = []
    for record in records:
        seed = record.experiment if record.seed is None else record.seed
        group = searches.setdefault((record.strategy, seed), [])
        duplicate_of = next((r for r in group if r.curve.losses == record.curve.losses), None)
        if duplicate_of is None:
            group.append(record)
        else:
            warnings.append(
                f"{record.strategy} seed {seed} is the same search in {duplicate_of.experiment} "
                f"and {record.experiment}: duplicate ignored"
            )
    ambiguous = {strategy for (strategy, _), group in searches.items() if len(group) > 1}
    for (strategy, seed), group in searches.items():
        experiments = [record.experiment for record in group]
        if len(set(experiments)) < len(experiments):
            raise UserError(
                f"{group[0].experiment} has {strategy} seed {seed} twice, with different results"
            )
    return [
        replace(r, strategy=f"{r.strategy}, {r.experiment}") if r.strategy in ambiguous else r
        for group in searches.values()
        for r in group
    ], warnings
