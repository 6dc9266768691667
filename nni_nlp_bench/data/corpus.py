"""Corpora as word ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError

PARTS = ("train", "valid", "test")
EOS = "<eos>"
UNKNOWN = "<unk>"


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A text in three parts, each an array of word ids with `<eos>` after every line."""

    name: str
    vocabulary: tuple[str, ...]
    """Words by id, in order of first occurrence in train, valid, test."""
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    digest: str
    """SHA-256 of vocabulary and text."""

    @classmethod
    def of(cls, name: str, parts: Mapping[str, Iterable[list[str]]]) -> Corpus:
        """Build a corpus from lines of words per part. Raises UserError for an empty part."""
        numbers: dict[str, int] = {}
        arrays = {}
        for part in PARTS:
            ids = [
                numbers.setdefault(word, len(numbers))
                for line in parts[part]
                for word in (*line, EOS)
            ]
            if not ids:
                raise UserError(f"the part {part!r} of corpus {name} is empty")
            arrays[part] = np.array(ids, dtype=np.int64)
        vocabulary = tuple(numbers)
        return cls(name, vocabulary, **arrays, digest=_digest(vocabulary, arrays))


def _digest(vocabulary: tuple[str, ...], arrays: dict[str, NDArray[np.int64]]) -> str:
    sha = hashlib.sha256("\n".join(vocabulary).encode("utf-8"))
    for part in PARTS:
        sha.update(arrays[part].astype("<i8").tobytes())
    return sha.hexdigest()
