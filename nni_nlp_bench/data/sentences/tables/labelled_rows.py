"""Rows of labelled texts in a table."""

from __future__ import annotations

from functools import partial

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.rows import EmptyRowError, Part, Row, checked_pair, checked_row
from nni_nlp_bench.data.sentences.tables.base import Table
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames, find_columns

SAMPLE_ROWS = 1_000
"""Rows by which a column of texts is recognized."""


def read_rows(table: Table, wanted: ColumnNames) -> Part:
    """Read the labelled texts of a table; rows without text or label are left out and counted.

    Args:
        table: The table.
        wanted: Columns that the caller names; others are found (`find_columns`).

    Raises:
        UserError: A column is missing, a row is damaged, or all rows lack a text or label.
    """
    columns = find_columns(table.header, table.columns, wanted, partial(table.head, SAMPLE_ROWS))
    check = checked_row if columns.pair is None else checked_pair
    places = [columns.text, *([] if columns.pair is None else [columns.pair]), columns.label]
    rows: list[Row] = []
    skipped = 0
    for number, values in table.read(places):
        if values is None:
            skipped += 1
            continue
        try:
            rows.append(check(table.source, number, *values))
        except EmptyRowError:
            skipped += 1
    if skipped and not rows:
        raise UserError(f"{table.source}: no row has both a text and a label (rows: {skipped:,})")
    return Part(table.source, rows, skipped, columns.named(table.columns))
