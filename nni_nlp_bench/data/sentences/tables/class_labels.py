"""Check that labels are classes, not measured values."""

from __future__ import annotations

import math
from collections.abc import Collection

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.numbers import parse_number
from nni_nlp_bench.data.sentences.rows import Part, sorted_labels

MAX_RARE_LABELS = 100
"""With more labels, each needs two rows on average."""


def check_classes(part: Part) -> None:
    """Check that the labels of a part can be classes.

    Raises:
        UserError: They are numbers with fractions, or nearly as many as the rows.
    """
    labels = {row.label for row in part.rows}
    what = f"the labels{f' in column {part.columns.label!r}' if part.columns else ''}"
    only = "only classification is supported, so give a column of classes (--label NAME)"
    if _has_fractions(labels):
        shown = ", ".join(label[:20] for label in sorted_labels(labels)[:3])
        raise UserError(f"{part.source}: {what} are real numbers ({shown}, ...): {only}")
    if len(labels) > MAX_RARE_LABELS and 2 * len(labels) > len(part.rows):
        raise UserError(
            f"{part.source}: {what} have {len(labels):,} values in {len(part.rows):,} rows: {only}"
        )


def _has_fractions(labels: Collection[str]) -> bool:
    """Return whether all labels are numbers, and any has a fraction."""
    try:
        numbers = [parse_number(label) for label in labels]
    except ValueError:
        return False
    return any(math.isfinite(number) and not number.is_integer() for number in numbers)
