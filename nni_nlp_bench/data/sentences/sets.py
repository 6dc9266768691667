"""Labelled sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_folder, user_path
from nni_nlp_bench.core.registry import Registry, UnknownNameError
from nni_nlp_bench.data.corpora import data_folder
from nni_nlp_bench.data.sentences.docstrings import docstrings
from nni_nlp_bench.data.sentences.folder import read_labelled_folder
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.library import PREFIX, read_library
from nni_nlp_bench.data.sentences.pairs import MRPC_FILES, RTE_FILES, mrpc, rte
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


def load_labelled_set(name_or_folder: str) -> LabelledSet:
    """Load a labelled set by name, folder, or `datasets:NAME`. Raises UserError."""
    if name_or_folder in LABELLED_SETS:
        return LABELLED_SETS.get(name_or_folder).load()
    if name_or_folder.startswith(PREFIX):
        return read_library(name_or_folder)
    folder = user_path(name_or_folder)
    if is_folder(folder):
        return read_labelled_folder(folder)
    known = ", ".join(LABELLED_SETS)
    raise UnknownNameError(
        f"unknown labelled set {name_or_folder!r}; known: {known}, {PREFIX}NAME, or a folder with "
        "train, dev and test as .tsv, .csv or .jsonl"
    )


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
