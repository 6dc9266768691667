"""Sentence pairs as one word sequence with a separator: MRPC and RTE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from nni_nlp_bench.data.reading import LineError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.rows import Part, Row, checked_pair, labelled_set, without_dev
from nni_nlp_bench.data.task_files import Row as PairRow
from nni_nlp_bench.data.task_files import read_mrpc, read_rte

MRPC_FILES = ("msr-para-train.tsv", "msr-para-val.tsv", "msr-para-test.tsv")
RTE_FILES = ("train.jsonl", "val.jsonl")


def mrpc(name: str, folder: Path) -> LabelledSet:
    """Read MRPC in its three parts. Raises UserError for a damaged file."""
    parts = zip(("train", "dev", "test"), MRPC_FILES, strict=True)
    return labelled_set(name, {part: _part(folder / file, read_mrpc) for part, file in parts})


def rte(name: str, folder: Path) -> LabelledSet:
    """Read RTE of SuperGLUE.

    Dev is a tenth of train; test is the published validation set, since the published test set has
    no labels. Raises UserError for a damaged file.
    """
    train, test = (_part(folder / file, read_rte) for file in RTE_FILES)
    return labelled_set(name, {**without_dev(train), "test": test})


def _part(file: Path, read: Callable[[Path], Iterator[PairRow]]) -> Part:
    return Part(file, tuple(_joined(file, row) for row in read(file)))


def _joined(file: Path, row: PairRow) -> Row:
    """Join both sentences. Raises LineError if one has no words."""
    if row.second is None:
        raise LineError(file, row.line, "a pair has two sentences")
    return checked_pair(file, row.line, row.first, row.second, row.label)
