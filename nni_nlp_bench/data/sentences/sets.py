"""Labelled sets by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry, UnknownNameError
from nni_nlp_bench.data.corpora import data_folder
from nni_nlp_bench.data.sentences.docstrings import docstrings
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.library import PREFIX
from nni_nlp_bench.data.sentences.pairs import MRPC_FILES, RTE_FILES, mrpc, rte
from nni_nlp_bench.data.sentences.sources import LoadedSet, read_source, refuse_columns
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames
from nni_nlp_bench.data.sentences.tables.formats import FORMATS
from nni_nlp_bench.data.sentences.trec import FILES as TREC_FILES
from nni_nlp_bench.data.sentences.trec import read_trec
from nni_nlp_bench.data.sentences.trees import five_labels, two_labels


@dataclass(frozen=True, slots=True)
class LabelledSetEntry:
    """A named labelled set.

    Plug-ins register an instance under the entry-point group `nni_nlp_bench.labelled_sets`.

    Attributes:
        description: One line for `nni-nlp-bench list sentences`.
        load: Returns the set; it may raise UserError with a remedy.
    """

    description: str
    load: Callable[[], LabelledSet]


LABELLED_SETS: Registry[LabelledSetEntry] = Registry(
    "labelled set",
    "nni_nlp_bench.labelled_sets",
    {
        "docstrings": "nni_nlp_bench.data.sentences.sets:DOCSTRINGS",
        "mrpc": "nni_nlp_bench.data.sentences.sets:MRPC",
        "rte": "nni_nlp_bench.data.sentences.sets:RTE",
        "sst-2": "nni_nlp_bench.data.sentences.sets:SST_2",
        "sst-5": "nni_nlp_bench.data.sentences.sets:SST_5",
        "trec": "nni_nlp_bench.data.sentences.sets:TREC",
    },
    requires=("description", "load"),
)


class SkippedRowsWarning(UserWarning):
    """Rows of a source have no text or no label, and are left out."""


def load_labelled_set(source: str) -> LabelledSet:
    """Load a labelled set by name, file, folder, or `datasets:NAME`.

    Columns are found by their known names; a source without parts is split with seed 0, as by
    `prepare_labelled`. Rows without text or label are left out with a SkippedRowsWarning.

    Raises:
        UserError: The source is unknown, or cannot be read.
    """
    loaded = load_source(source, ColumnNames(), seed=0)
    if loaded.skipped:
        message = f"{source}: left out rows without text or label: {loaded.skipped:,}"
        warnings.warn(message, SkippedRowsWarning, stacklevel=2)
    return loaded.data


def load_source(source: str, wanted: ColumnNames, seed: int) -> LoadedSet:
    """Load a labelled set as `load_labelled_set`, with how it was read.

    Args:
        source: Name, file, folder, or `datasets:NAME`.
        wanted: Columns that the caller names.
        seed: Seed of the split of a source without parts.

    Raises:
        UserError: The source is unknown, or cannot be read.
    """
    if source in LABELLED_SETS:
        refuse_columns(source, wanted)
        return LoadedSet(LABELLED_SETS.get(source).load())
    loaded = read_source(source, wanted, seed)
    if loaded is None:
        known = ", ".join(LABELLED_SETS)
        raise UnknownNameError(
            f"unknown labelled set {source!r}; known: {known}, {PREFIX}NAME, a file, or a folder "
            f"with train, dev and test, as {FORMATS}"
        )
    return loaded


def _treebank(name: str, read: Callable[[str, Mapping[str, Path]], LabelledSet]) -> LabelledSet:
    files = {part: f"{part}.txt" for part in ("train", "dev", "test")}
    source = "https://nlp.stanford.edu/sentiment has them as trees in PTB format"
    folder = _files_in_place(name, "sst", tuple(files.values()), source)
    return read(name, {part: folder / file for part, file in files.items()})


def _trec(name: str) -> LabelledSet:
    source = "https://cogcomp.seas.upenn.edu/Data/QA/QC: train_5500.label and TREC_10.label"
    return read_trec(name, _files_in_place(name, "trec", TREC_FILES, source))


def _pairs(
    name: str, files: tuple[str, ...], source: str, read: Callable[[str, Path], LabelledSet]
) -> LabelledSet:
    return read(name, _files_in_place(name, name, files, source))


def _files_in_place(name: str, below: str, files: tuple[str, ...], source: str) -> Path:
    """Return the folder of these files. Raises UserError if one is missing."""
    folder = data_folder() / below
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise UserError(
            f"labelled set {name} is not available: "
            f"put {' and '.join(missing)} into {folder} ({source})"
        )
    return folder


SST_2 = LabelledSetEntry(
    "Stanford Sentiment Treebank, negative or positive: your files; train holds all phrases",
    partial(_treebank, "sst-2", two_labels),
)
SST_5 = LabelledSetEntry(
    "Stanford Sentiment Treebank, five grades: your files; train holds all phrases",
    partial(_treebank, "sst-5", five_labels),
)
TREC = LabelledSetEntry(
    "TREC's questions by what they ask for, six kinds: your files; dev is a tenth of train",
    partial(_trec, "trec"),
)
_MRPC_SOURCE = "https://www.microsoft.com/download/details.aspx?id=52398, parted as in GLUE"
MRPC = LabelledSetEntry(
    "Microsoft's pairs of sentences, paraphrases or not: your files",
    partial(_pairs, "mrpc", MRPC_FILES, _MRPC_SOURCE, mrpc),
)
RTE = LabelledSetEntry(
    "pairs of a text and a sentence that follows from it or does not: your files; dev is a tenth "
    "of train, test the published validation part",
    partial(_pairs, "rte", RTE_FILES, "https://super.gluebenchmark.com", rte),
)
DOCSTRINGS = LabelledSetEntry(
    "docstrings of Python's own packages, six labels, which need no download", docstrings
)
