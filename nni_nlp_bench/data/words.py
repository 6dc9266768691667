"""Sentences taken apart into words, in the manner of the Penn Treebank."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_MARK = re.compile(r"--+|\.\.+|[,:](?!\d)|(?<!\d)[,:]|[;!?$%()\[\]{}\"\u201c\u201d\u2018\u2026`*]")
_ENDING = re.compile(r"(\W*\w.*?)(n't|'(?:s|re|ve|ll|d|m)|['.])", re.IGNORECASE)


def split(sentence: str, is_word: Callable[[str], bool]) -> list[str]:
    """Its words: `It isn't.` gives It, is, n't and a full stop; what `is_word` stays whole."""
    plain = sentence.replace("\u2019", "'")
    chunks = (chunk for part in plain.split() for chunk in _marks_apart(part, is_word))
    return [word for chunk in chunks for word in _endings_apart(chunk, is_word)]


def _marks_apart(chunk: str, is_word: Callable[[str], bool]) -> Iterator[str]:
    if is_word(chunk):
        yield chunk
    else:
        yield from _MARK.sub(lambda mark: f" {mark.group()} ", chunk).split()


def _endings_apart(chunk: str, is_word: Callable[[str], bool]) -> list[str]:
    endings: list[str] = []
    while not is_word(chunk) and (found := _ENDING.fullmatch(chunk)):
        chunk, ending = found.groups()
        endings.append(ending)
    return [chunk, *reversed(endings)]
