"""The text of Python's own documentation: a corpus that every Python carries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from nni_nlp_bench.data.corpus import UNKNOWN, Corpus

VOCABULARY = 1_000
"""Most frequent words that are kept; all others are `<unk>`."""
BLOCK = 50
"""Lines of a block; of ten blocks in a row, the ninth is for validation, the tenth for test."""
_WORD = re.compile(r"[a-z_]+|\d+|[^\w\s]")
_MARKUP = re.compile(r"^[\W_]*$")


def pydoc_corpus(name: str = "pydoc", lines: int | None = None) -> Corpus:
    """The topics of `pydoc_data` in lower case, one line of text a line; the first `lines` of them.

    It differs between versions of Python; its digest tells which one it is.
    """
    from pydoc_data.topics import topics

    text = [line for topic in sorted(topics) for line in _lines(topics[topic])][:lines]
    counts = Counter(word for line in text for word in line)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    kept = set(ranked[: VOCABULARY - 2])  # beside them <unk> and <eos>
    parts: dict[str, list[list[str]]] = {"train": [], "valid": [], "test": []}
    for i, line in enumerate(text):
        part = {8: "valid", 9: "test"}.get(i // BLOCK % 10, "train")
        parts[part].append([word if word in kept else UNKNOWN for word in line])
    return Corpus.of(name, parts)


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.lower().splitlines():
        if not _MARKUP.match(line):
            yield _WORD.findall(line)
