"""Labelled sentences in three parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nni_nlp_bench.core.errors import UserError

PARTS = ("train", "dev", "test")
SEPARATOR = "[sep]"
"""Separator between the sentences of a pair; it never occurs in a text."""


class Sentence(NamedTuple):
    """Lower-case words of a text, or of a pair with a separator, and its label."""

    words: tuple[str, ...]
    label: int
    """Index in the labels of its set."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled sentences in three parts, with two or more labels."""

    name: str
    labels: tuple[str, ...]
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    digest: str
    """SHA-256 of labels and sentences."""

    @classmethod
    def of(
        cls, name: str, labels: Sequence[str], parts: Mapping[str, Iterable[Sentence]]
    ) -> LabelledSet:
        """Build a set from the sentences of `train`, `dev` and `test`.

        Raises UserError for a part without sentences, a sentence without words, and labels that
        are fewer than two, there twice, or not there.
        """
        if len(labels) < 2 or len(set(labels)) < len(labels):
            known = ", ".join(map(repr, labels)) or "none"
            raise UserError(f"labelled set {name} needs two or more different labels, has {known}")
        kept = {part: tuple(parts[part]) for part in PARTS}
        for part, sentences in kept.items():
            if not sentences:
                raise UserError(f"the part {part!r} of labelled set {name} is empty")
            for number, sentence in enumerate(sentences, start=1):
                if not sentence.words or not 0 <= sentence.label < len(labels):
                    fault = "an unknown label" if sentence.words else "no words"
                    raise UserError(f"sentence {number} of {part} in labelled set {name}: {fault}")
        return cls(name, tuple(labels), **kept, digest=_digest(labels, kept))

    def parts(self) -> dict[str, tuple[Sentence, ...]]:
        """Return the sentences of each part, by its name."""
        return {"train": self.train, "dev": self.dev, "test": self.test}


def split_pair(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Split a pair into its sentences; the second is empty for a single sentence."""
    if SEPARATOR not in words:
        return words, ()
    place = words.index(SEPARATOR)
    return words[:place], words[place + 1 :]


def _digest(labels: Sequence[str], parts: Mapping[str, Iterable[Sentence]]) -> str:
    sha = hashlib.sha256(json.dumps(list(labels)).encode())
    for part in PARTS:
        sha.update(f"\n{part}\n".encode())
        for words, label in parts[part]:  # words contain no spaces
            sha.update(f"{label} {' '.join(words)}\n".encode())
    return sha.hexdigest()
