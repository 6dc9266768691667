"""Stanford Sentiment Treebank: one tree per line, each phrase with a label from 0 to 4.

Socher et al., Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank,
EMNLP 2013.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nni_nlp_bench.data.reading import LineError, numbered_lines
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.words import unescaped

FIVE = ("very negative", "negative", "neutral", "positive", "very positive")
TWO = ("negative", "positive")
_NEUTRAL = 2
_LABELS = {str(label): label for label in range(len(FIVE))}
MAX_DEPTH = 300
"""Each word is in so many phrases at most; the treebank has 30."""
_PIECE = re.compile(r"[()]|[^ \t()]+")


def five_labels(name: str, files: Mapping[str, Path]) -> LabelledSet:
    """Read SST-5: all phrases in train, whole sentences in the other parts. Raises UserError."""
    return LabelledSet.of(name, FIVE, _parts(files))


def two_labels(name: str, files: Mapping[str, Path]) -> LabelledSet:
    """Read SST-2: as SST-5 without neutral phrases, with strong and weak labels merged."""
    parts = {part: _without_neutral(found) for part, found in _parts(files).items()}
    return LabelledSet.of(name, TWO, parts)


def phrases(tree: str) -> list[Sentence]:
    """Return all phrases of a tree such as `(3 (2 so) (4 good))`, the whole sentence first.

    Raises ValueError with what is wrong.
    """
    pieces = iter(_PIECE.findall(tree))
    words: list[str] = []
    found: list[tuple[int, int, int]] = []  # label, first word, end
    open_ones: list[int] = []
    for piece in pieces:
        if found and not open_ones:
            raise ValueError(f"{piece[:40]!r} after the end of the tree")
        if piece == "(":
            label = next(pieces, "")
            if label not in _LABELS:
                raise ValueError(f"a label must be 0 to 4, got {label[:40]!r}")
            if len(open_ones) == MAX_DEPTH:
                raise ValueError(f"nested more than {MAX_DEPTH} times")
            open_ones.append(len(found))
            found.append((_LABELS[label], len(words), 0))
        elif not open_ones:
            raise ValueError(f"expected a tree such as (3 (2 so) (4 good)), got {tree[:40]!r}")
        else:
            here = open_ones.pop()
            label_here, first, _ = found[here]
            if piece != ")":
                if len(words) > first or next(pieces, "") != ")":
                    raise ValueError(f"the word {piece[:40]!r} is not in its own brackets")
                words += unescaped(piece).split()  # one contains a no-break space
            if len(words) == first:
                raise ValueError("a phrase without words")
            found[here] = label_here, first, len(words)
    if open_ones or not found:
        raise ValueError(f"brackets that are not closed: {len(open_ones)}" if found else "no tree")
    return [Sentence(tuple(words[first:end]), label) for label, first, end in found]


def _parts(files: Mapping[str, Path]) -> dict[str, Iterable[Sentence]]:
    trees = {part: _trees(file) for part, file in files.items()}
    return {
        "train": (phrase for tree in trees["train"] for phrase in tree),
        "dev": (tree[0] for tree in trees["dev"]),
        "test": (tree[0] for tree in trees["test"]),
    }


def _trees(file: Path) -> Iterator[list[Sentence]]:
    for number, line in numbered_lines(file):
        try:
            yield phrases(line)
        except ValueError as error:
            raise LineError(file, number, str(error)) from None


def _without_neutral(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    for words, label in sentences:
        if label != _NEUTRAL:
            yield Sentence(words, int(label > _NEUTRAL))
