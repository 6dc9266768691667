"""TREC questions, labelled by the type of their answer.

Li and Roth, Learning Question Classifiers, COLING 2002.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.data.reading import LineError, numbered_lines
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.rows import Part, Row, labelled_set, without_dev

FILES = ("TREC.train.all", "TREC.test.all")


def read_trec(name: str, folder: Path) -> LabelledSet:
    """Read both files of the folder; dev is a tenth of train. Raises UserError."""
    train, test = (Part(folder / file, tuple(_rows(folder / file))) for file in FILES)
    return labelled_set(name, {**without_dev(train), "test": test})


def _rows(file: Path) -> Iterator[Row]:
    """Read one question per line: a label such as `DESC:manner` or a number, and the words."""
    for number, line in numbered_lines(file, "latin-1"):
        first, *words = line.split() or [""]
        label = first.partition(":")[0]
        if not (label and words):
            raise LineError(file, number, f"expected a label and a question, got {line[:40]!r}")
        yield Row(number, tuple(map(str.lower, words)), label)
