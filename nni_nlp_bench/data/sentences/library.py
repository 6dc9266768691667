"""Labelled sets of the library `datasets`, which downloads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.rows import (
    Part,
    Row,
    checked_row,
    columns_of,
    labelled_set,
    without_dev,
)
from search_spaces.errors import UserError

PREFIX = "datasets:"
_DEV = ("validation", "valid", "dev", "val")


def read_library(name: str) -> LabelledSet:
    """The set `datasets:NAME` or `datasets:NAME/CONFIG`, where NAME may be `owner/name`.

    Where the library has no development part, dev is a tenth of train. Raises UserError.
    """
    found = _loaded(name)
    splits = {"train": "train", "test": "test"}
    splits |= {"dev": split for split in reversed(_DEV) if split in found}
    for split in ("train", "test"):
        if split not in found:
            raise UserError(f"{name} has no split {split!r}, only {', '.join(found)}")
    parts = {}
    for part, split in splits.items():
        source = f"{name}, {split}"
        parts[part] = Part(source, tuple(_rows(source, found[split])))
    return labelled_set(name, parts if "dev" in parts else {**parts, **without_dev(parts["train"])})


def _loaded(name: str) -> Any:
    """The splits by name: the first reading of the name that the library knows."""
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
    """`a/b` is the set b of the owner a, else the configuration b of the set a."""
    path = name.removeprefix(PREFIX)
    start, _, end = path.rpartition("/")
    if path.count("/") < 2:
        yield path, None
    if start:
        yield start, end


def _rows(source: str, split: Any) -> Iterator[Row]:
    """The rows of one split, counted from 1; numbered labels get their names."""
    header = list(split.column_names)
    text, label = (header[place] for place in columns_of(source, 0, header))
    names = getattr(split.features[label], "names", None)
    for number, (words, found) in enumerate(zip(split[text], split[label], strict=True), start=1):
        named = names is not None and isinstance(found, int) and 0 <= found < len(names)
        yield checked_row(source, number, words, names[found] if named else found)
