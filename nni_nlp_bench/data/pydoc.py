"""Corpus of Python's documentation, which is part of every Python installation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from nni_nlp_bench.data.corpus import UNKNOWN, Corpus

VOCABULARY = 1_000
"""Vocabulary size; rarer words become `<unk>`."""
BLOCK = 50
"""Lines per block; every ninth block is validation, every tenth is test."""
_WORD = re.compile(r"[a-z_]+|\d+|[^\w\s]")
_MARKUP = re.compile(r"^[\W_]*$")


def pydoc_corpus(name: str = "pydoc", lines: int | None = None) -> Corpus:
    """Return the topics of `pydoc_data` in lower case, at most the first `lines` lines.

    It differs between versions of Python; its digest tells which one it is.
    """
    from pydoc_data.topics import topics

    text = [line for topic in sorted(topics) for line in _lines(topics[topic])][:lines]
    counts = Counter(word for line in text for word in line)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    kept = set(ranked[: VOCABULARY - 2])  # plus <unk> and <eos>
    parts: dict[str, list[list[str]]] = {"train": [], "valid": [], "test": []}
    for i, line in enumerate(text):
        part = {8: "valid", 9: "test"}.get(i // BLOCK % 10, "train")
        parts[part].append([word if word in kept else UNKNOWN for word in line])
    return Corpus.of(name, parts)


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.lower().splitlines():
        if not _MARKUP.match(line):
            yield _WORD.findall(line)
