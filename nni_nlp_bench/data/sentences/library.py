"""Labelled sets of the library `datasets`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.rows import Part, without_dev
from nni_nlp_bench.data.sentences.tables.base import Record, Table
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames
from nni_nlp_bench.data.sentences.tables.labelled_rows import read_rows

PREFIX = "datasets:"
_DEV = ("validation", "valid", "dev", "val")


def read_library(name: str, wanted: ColumnNames) -> dict[str, Part]:
    """Read the splits of `datasets:NAME` or `datasets:NAME/CONFIG`; NAME may be `owner/name`.

    Args:
        name: Name with its prefix.
        wanted: Columns that the caller names.

    Returns:
        The parts `train`, `dev` and `test`, or `train` alone where the library has no other split.
        Where it only has no development split, dev is a tenth of train.

    Raises:
        UserError: The set cannot be loaded, or has no such splits or columns.
    """
    splits = _loaded(name)
    if "train" not in splits or (len(splits) > 1 and "test" not in splits):
        missing = "test" if "train" in splits else "train"
        raise UserError(f"{name} has no split {missing!r}, only {', '.join(splits)}")
    dev = next((split for split in _DEV if split in splits), None)
    names = {"train": "train", "dev": dev, "test": "test" if "test" in splits else None}
    parts = {
        part: read_rows(_table(f"{name}, {split}", splits[split]), wanted)
        for part, split in names.items()
        if split is not None
    }
    if parts.keys() == {"train", "test"}:
        return {**parts, **without_dev(parts["train"])}
    return parts


def _loaded(name: str) -> Any:
    """Load the splits, trying the possible interpretations of the name in order."""
    try:
        from datasets import load_dataset
    except ImportError:
        raise UserError(
            f"{name} needs the library datasets and a network: "
            "`pip install 'nni-nlp-bench[corpora]'`"
        ) from None
    fault = ""
    for data_set, config in _readings(name):
        try:
            return load_dataset(data_set, config)
        except (OSError, RuntimeError, ValueError) as error:  # no network, or no such data set
            fault = " ".join(str(error).split())
    raise UserError(f"{name} cannot be downloaded: {fault}")


def _readings(name: str) -> Iterator[tuple[str, str | None]]:
    """Interpret `a/b` as the set b of owner a, then as the configuration b of the set a."""
    path = name.removeprefix(PREFIX)
    start, _, end = path.rpartition("/")
    if path.count("/") < 2:
        yield path, None
    if start:
        yield start, end


def _table(source: str, split: Any) -> Table:
    """Make a table of one split; label ids become names."""
    columns = tuple(split.column_names)

    def read(places: Sequence[int]) -> Iterator[Record]:
        values = [split[columns[place]] for place in places]
        names = [getattr(split.features[columns[place]], "names", None) for place in places]
        for number, row in enumerate(zip(*values, strict=True), start=1):
            yield number, [_named(value, known) for value, known in zip(row, names, strict=True)]

    return Table(source, source, columns, read)


def _named(value: object, names: Sequence[str] | None) -> object:
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return value
