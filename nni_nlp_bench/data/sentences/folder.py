"""Labelled sets in folders: one table, or one file of trees, per part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.part_files import part_file
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet
from nni_nlp_bench.data.sentences.rows import Part, Row, labelled_set
from nni_nlp_bench.data.sentences.tables import read_csv, read_jsonl, read_tsv
from nni_nlp_bench.data.sentences.trees import five_labels

TREES = ".txt"
_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".tsv": read_tsv,
    ".csv": read_csv,
    ".jsonl": read_jsonl,
}


def read_labelled_folder(folder: Path) -> LabelledSet:
    """Read a labelled set from `train.tsv`, `dev.tsv` or `valid.tsv`, and `test.tsv`.

    Also reads `.csv`, `.jsonl`, and trees in `.txt` files. Raises UserError if a part is missing,
    duplicated or damaged.
    """
    files = {part: part_file(folder, part, (*_READERS, TREES)) for part in PARTS}
    trees = [file for file in files.values() if file.suffix == TREES]
    if len(trees) == len(files):
        return five_labels(folder.name, files)
    if trees:
        raise UserError(
            f"{trees[0]} would be trees and the other parts are tables: give all in one format"
        )
    parts = {part: Part(file, tuple(_READERS[file.suffix](file))) for part, file in files.items()}
    return labelled_set(folder.name, parts)
