"""Labelled sets of users: a file, a folder, or a set of the library `datasets`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_file, is_folder, user_path
from nni_nlp_bench.data.sentences.folder import TREES, labelled_files
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.library import PREFIX, read_library
from nni_nlp_bench.data.sentences.rows import Part, labelled_set
from nni_nlp_bench.data.sentences.split import split_labelled
from nni_nlp_bench.data.sentences.tables.class_labels import check_classes
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames
from nni_nlp_bench.data.sentences.tables.formats import has_table_suffix, open_table
from nni_nlp_bench.data.sentences.tables.labelled_rows import read_rows
from nni_nlp_bench.data.sentences.trees import five_labels


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """A labelled set, and how its rows were read."""

    data: LabelledSet
    skipped: int = 0
    """Number of rows without text or label, which are left out."""
    columns: ColumnNames | None = None
    """Columns of train; None if the source has none."""
    seed: int | None = None
    """Seed of the split; None if the source has its own parts."""


def read_source(source: str, wanted: ColumnNames, seed: int) -> LoadedSet | None:
    """Read a file, a folder with three parts, or `datasets:NAME`.

    Args:
        source: Path of a file or folder, or a name of the library.
        wanted: Columns that the caller names.
        seed: Seed of the split of a source without parts.

    Returns:
        The set; None if the source is neither.

    Raises:
        UserError: It cannot be read, or is no labelled set.
    """
    if source.startswith(PREFIX):
        return _loaded(source, read_library(source, wanted), seed)
    path = user_path(source)
    if is_folder(path):
        return _read_folder(path, wanted, seed)
    if has_table_suffix(path) or is_file(path):
        return _loaded(path.name, {"train": read_rows(open_table(path), wanted)}, seed)
    return None


def refuse_columns(source: str, wanted: ColumnNames) -> None:
    """Raise UserError if a caller names columns of a source that has none."""
    if wanted:
        raise UserError(f"{source} has no columns to name: leave out --text, --label and --pair")


def _read_folder(folder: Path, wanted: ColumnNames, seed: int) -> LoadedSet:
    files = labelled_files(folder)
    if files["train"].suffix == TREES:
        refuse_columns(str(folder), wanted)
        return LoadedSet(five_labels(folder.name, files))
    parts = {part: read_rows(open_table(file), wanted) for part, file in files.items()}
    return _loaded(folder.name, parts, seed)


def _loaded(name: str, parts: Mapping[str, Part], seed: int) -> LoadedSet:
    """Build the set, of which train is split if it is the only part."""
    skipped = sum(part.skipped for part in parts.values())
    train = parts["train"]
    check_classes(train)
    if len(parts) > 1:
        return LoadedSet(labelled_set(name, parts), skipped, train.columns)
    if not train.rows:
        raise UserError(f"{train.source} has no rows")
    data = labelled_set(name, split_labelled(train, seed=seed))
    return LoadedSet(data, skipped, train.columns, seed)
