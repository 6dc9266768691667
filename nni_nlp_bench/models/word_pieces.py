"""Vocabulary of a student of a pretrained encoder: its tokenizer and the tokens of the data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.core.input_files import read_text
from nni_nlp_bench.data.sentences.labelled_set import split_pair
from nni_nlp_bench.models.manifest import ModelError

TOKENIZER = "tokenizer.json"


class WordPieces:
    """Token ids of a model that reads the tokens of a pretrained encoder; id 0 is padding.

    Args:
        tokenizer: A tokenizer of the library tokenizers.
        tokens: Tokens by id; the first is padding.
        unknown: Token in place of tokens that did not occur in the training data; None to leave
            them out.
    """

    def __init__(self, tokenizer: Any, tokens: Sequence[str], unknown: str | None) -> None:
        self._tokenizer = tokenizer
        tokenizer.no_padding()
        self.words = tuple(tokens)
        self._unknown = None if unknown is None else self._ids[unknown]

    @classmethod
    def load(cls, folder: Path, vocabulary: str, unknown: str | None) -> Self:
        """Read tokenizer and tokens of a model folder. Raises ModelError."""
        with optional_imports():
            from tokenizers import Tokenizer
        text = read_text(folder / TOKENIZER, error=ModelError, encoding="utf-8")
        tokens = read_text(folder / vocabulary, error=ModelError, encoding="utf-8")
        words = tokens.split("\n")[:-1]
        if unknown is not None and unknown not in words:
            raise ModelError(f"{folder / vocabulary} lacks the token {str(unknown)[:40]!r}")
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises plain exceptions
            reason = " ".join(str(error).split())[:160]
            raise ModelError(f"{folder / TOKENIZER} cannot be used: {reason}") from None
        return cls(tokenizer, words, unknown)

    def __len__(self) -> int:
        return len(self.words)

    def numbers(
        self, sentences: Sequence[Sequence[str]], limit: int
    ) -> tuple[NDArray[np.int64], ...]:
        """Return the ids (tokens,) of each sentence or pair, at most `limit`."""
        self._tokenizer.enable_truncation(limit)
        pairs = [split_pair(words) for words in sentences]
        inputs = [(list(one), list(two)) if two else list(one) for one, two in pairs]
        found = self._tokenizer.encode_batch(inputs, is_pretokenized=True)
        return tuple(self._known(each.tokens) for each in found)

    def save(self, path: Path) -> None:
        """Write one token per line, atomically. Raises UserError."""
        with atomic_write(path) as new:
            new.write_text("".join(f"{word}\n" for word in self.words), "utf-8")

    def _known(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        found = (self._ids.get(token, self._unknown) for token in tokens)
        return np.array([i for i in found if i is not None], dtype=np.int64)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.words)}
