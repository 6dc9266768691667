"""Files of labelled sets in folders: one table, or one file of trees, per part."""

from __future__ import annotations

from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.part_files import part_file
from nni_nlp_bench.data.sentences.labelled_set import PARTS
from nni_nlp_bench.data.sentences.tables.formats import TABLE_SUFFIXES

TREES = ".txt"


def labelled_files(folder: Path) -> dict[str, Path]:
    """Return the files of train, dev (or valid) and test in a folder: all tables, or all trees.

    Raises UserError if one is missing or there twice, or if only some are trees.
    """
    files = {part: part_file(folder, part, (*TABLE_SUFFIXES, TREES)) for part in PARTS}
    trees = [file for file in files.values() if file.suffix == TREES]
    if 0 < len(trees) < len(files):
        raise UserError(
            f"{trees[0]} would be trees and the other parts are tables: give all in one format"
        )
    return files
