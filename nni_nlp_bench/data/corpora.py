"""Corpora by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_folder, user_path
from nni_nlp_bench.core.registry import Registry, UnknownNameError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.data.folder import has_parts, read_folder
from nni_nlp_bench.data.pydoc import pydoc_corpus


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """A named corpus.

    Plug-ins register an instance under the entry-point group `nni_nlp_bench.corpora`.

    Attributes:
        description: One line for `nni-nlp-bench list corpora`.
        load: Returns the corpus; it may raise UserError with a remedy.
    """

    description: str
    load: Callable[[], Corpus]


CORPORA: Registry[CorpusEntry] = Registry(
    "corpus",
    "nni_nlp_bench.corpora",
    {
        "ptb": "nni_nlp_bench.data.corpora:PTB",
        "wikitext-2": "nni_nlp_bench.data.corpora:WIKITEXT_2",
        "pydoc": "nni_nlp_bench.data.corpora:PYDOC",
        "pydoc-small": "nni_nlp_bench.data.corpora:PYDOC_SMALL",
    },
    requires=("description", "load"),
)


def data_folder() -> Path:
    """Return the folder of corpora: $NNI_NLP_BENCH_DATA, else in the user's cache."""
    named = os.environ.get("NNI_NLP_BENCH_DATA")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return (Path(named) if named else caches / "nni-nlp-bench").expanduser()


def load_corpus(name_or_folder: str) -> Corpus:
    """Load a corpus by name or folder. Raises UserError."""
    if name_or_folder in CORPORA:
        return CORPORA.get(name_or_folder).load()
    folder = user_path(name_or_folder)
    if is_folder(folder):
        return read_folder(folder)
    known = ", ".join(CORPORA)
    raise UnknownNameError(
        f"unknown corpus {name_or_folder!r}; known: {known}, or a folder with train.txt, "
        "valid.txt and test.txt"
    )


def _from_files_or_library(name: str, data_set: str, config: str, field: str) -> Corpus:
    """Load from the data folder, else with the library `datasets`."""
    folder = data_folder() / name
    if has_parts(folder):
        return read_folder(folder, name)
    remedy = f"put train.txt, valid.txt and test.txt into {folder}"
    try:
        from datasets import load_dataset
    except ImportError:
        raise UserError(
            f"corpus {name} is not available: {remedy}, or, with a network, "
            "`pip install 'nni-nlp-bench[corpora]'`"
        ) from None
    try:
        parts = load_dataset(data_set, config)
    except (OSError, RuntimeError, ValueError) as error:  # no network, or no such data set
        raise UserError(f"corpus {name} cannot be downloaded ({error}): {remedy}") from None
    names = {"train": "train", "valid": "validation", "test": "test"}
    return Corpus.of(
        name, {part: map(str.split, parts[split][field]) for part, split in names.items()}
    )


PTB = CorpusEntry(
    "Penn Treebank in Mikolov's version, 10,000 words: your files, or the library datasets",
    partial(
        _from_files_or_library, "ptb", "ptb-text-only/ptb_text_only", "penn_treebank", "sentence"
    ),
)
WIKITEXT_2 = CorpusEntry(
    "WikiText-2, 33,278 words: your files, or the library datasets",
    partial(_from_files_or_library, "wikitext-2", "Salesforce/wikitext", "wikitext-2-v1", "text"),
)
PYDOC = CorpusEntry("Python's own documentation, which needs no download", pydoc_corpus)
PYDOC_SMALL = CorpusEntry(
    "its first 2,000 lines, for trainings of seconds", partial(pydoc_corpus, "pydoc-small", 2_000)
)
