"""Labelled sets of the library `datasets`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.rows import (
    Part,
    Row,
    checked_row,
    columns_of,
    labelled_set,
    without_dev,
)

PREFIX = "datasets:"
_DEV = ("validation", "valid", "dev", "val")


def read_library(name: str) -> LabelledSet:
    """Load the set `datasets:NAME` or `datasets:NAME/CONFIG`, where NAME may be `owner/name`.

    Where the library has no development part, dev is a tenth of train. Raises UserError.
    """
    found = _loaded(name)
    for split in ("train", "test"):
        if split not in found:
            raise UserError(f"{name} has no split {split!r}, only {', '.join(found)}")
    train, test = _part(name, found, "train"), _part(name, found, "test")
    dev = next((split for split in _DEV if split in found), None)
    if dev is None:
        return labelled_set(name, {**without_dev(train), "test": test})
    return labelled_set(name, {"train": train, "dev": _part(name, found, dev), "test": test})


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


def _part(name: str, found: Any, split: str) -> Part:
    source = f"{name}, {split}"
    return Part(source, tuple(_rows(source, found[split])))


def _rows(source: str, split: Any) -> Iterator[Row]:
    """Yield the rows of one split with numbers from 1; label ids become names."""
    header = list(split.column_names)
    text, label = (header[place] for place in columns_of(source, header))
    names = getattr(split.features[label], "names", None)
    for number, (words, found) in enumerate(zip(split[text], split[label], strict=True), start=1):
        if names and isinstance(found, int) and 0 <= found < len(names):
            found = names[found]
        yield checked_row(source, number, words, found)
