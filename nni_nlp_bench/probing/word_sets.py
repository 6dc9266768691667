"""Word-similarity sets: pairs of words with human judgements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.core.input_files import list_folder
from nni_nlp_bench.core.numbers import parse_number
from nni_nlp_bench.data.reading import LineError, numbered_lines
from nni_nlp_bench.probing.errors import EvaluationError

PREFIX = "EN-"
PATTERN = f"{PREFIX}*.txt"


@dataclass(frozen=True, slots=True)
class WordPair:
    """Two words with their human similarity judgement."""

    first: str
    second: str
    score: float
    """Mean judgement: higher is more similar; the scale differs between sets."""


@dataclass(frozen=True, slots=True)
class WordSet:
    """One set of word pairs."""

    name: str
    pairs: tuple[WordPair, ...]


def read_word_sets(folder: Path) -> tuple[WordSet, ...]:
    """Read all `EN-*.txt` files of a folder, sorted by name.

    The format is that of Faruqui and Dyer, Community Evaluation and Exchange of Word Vectors,
    ACL 2014: one pair per line, two words and a score. Raises UserError.
    """
    files = [file for file in list_folder(folder) if file.match(PATTERN)]
    if not files:
        raise EvaluationError(
            f"{folder} holds no word-similarity set: give the folder of the files {PATTERN}"
        )
    return tuple(read_word_set(file) for file in files)


def read_word_set(file: Path) -> WordSet:
    """Read one set, named after its file. Raises LineError for an invalid line."""
    pairs = tuple(_pair(file, number, line) for number, line in numbered_lines(file))
    return WordSet(file.stem.removeprefix(PREFIX), pairs)


def _pair(file: Path, number: int, line: str) -> WordPair:
    fields = line.split()
    if len(fields) != 3:
        raise LineError(file, number, f"expected two words and a score, got {line[:60]!r}")
    first, second, text = fields
    try:
        score = parse_number(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise LineError(file, number, f"the score must be a finite number, got {text[:40]!r}")
    return WordPair(first, second, score)
