"""Word tokenization in Penn Treebank style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_MARK = re.compile(r"--+|\.\.+|[,:](?!\d)|(?<!\d)[,:]|[;!?$%()\[\]{}\"\u201c\u201d\u2018\u2026`*]")
_ENDING = re.compile(r"n't|'(?:s|re|ve|ll|d|m)|['.]", re.IGNORECASE)
LONGEST_ENDING = 3
MAX_LEADING_MARKS = 1_000
"""Words with more keep their endings: splitting takes time for each mark and ending."""
_LETTER = re.compile(r"\w")

_INITIALS = r"(?:[^\W\d_]\.){2,}|[b-hj-z]\."  # `a.` and `i.` end sentences
_TITLES = r"(?:mr|mrs|ms|dr|prof|rev|sen|gen|gov|st|mt|jr|sr|vs|etc|inc|co|corp|ltd|bros)\."
_WHOLE = re.compile(rf"n't|'n'|'\w+|[\W_]+|{_INITIALS}|{_TITLES}")
_BRACKETS = {
    "-lrb-": "(",
    "-rrb-": ")",
    "-lsb-": "[",
    "-rsb-": "]",
    "-lcb-": "{",
    "-rcb-": "}",
}


def tokenize(text: str) -> tuple[str, ...]:
    """Split a text into lower-case words: `It isn't (U.S.)` gives it, is, n't, (, u.s. and ).

    A text that is split already stays as it is, but for the treebank's names of brackets.
    """
    return tuple(word for chunk in text.lower().split() for word in _words_of(chunk))


def unescaped(word: str) -> str:
    """Unescape a word of the treebank, in lower case: `-LRB-` is an opening bracket."""
    lower = word.lower()
    return _BRACKETS.get(lower) or lower.replace("\\/", "/").replace("\\*", "*")


@lru_cache(maxsize=1 << 16)  # words repeat: five times faster
def _words_of(chunk: str) -> tuple[str, ...]:
    whole = _BRACKETS.get(chunk)
    return (whole,) if whole else tuple(split(chunk, lambda part: bool(_WHOLE.fullmatch(part))))


def split(sentence: str, is_word: Callable[[str], bool]) -> list[str]:
    """Split `It isn't.` into It, is, n't and `.`; chunks that `is_word` accepts are kept."""
    plain = sentence.replace("\u2019", "'")
    chunks = (chunk for part in plain.split() for chunk in _marks_apart(part, is_word))
    return [word for chunk in chunks for word in _endings_apart(chunk, is_word)]


def _marks_apart(chunk: str, is_word: Callable[[str], bool]) -> Iterator[str]:
    if is_word(chunk):
        yield chunk
    else:
        yield from _MARK.sub(lambda mark: f" {mark.group()} ", chunk).split()


def _endings_apart(chunk: str, is_word: Callable[[str], bool]) -> list[str]:
    """Split endings off, the longest first, as long as a letter or digit precedes them."""
    first = _LETTER.search(chunk)
    if first is None or first.start() > MAX_LEADING_MARKS:
        return [chunk]
    endings: list[str] = []
    end = len(chunk)
    while not is_word(chunk[:end]):
        starts = range(max(end - LONGEST_ENDING, first.end()), end)
        start = next((i for i in starts if _ENDING.fullmatch(chunk, i, end)), None)
        if start is None:
            break
        endings.append(chunk[start:end])
        end = start
    return [chunk[:end], *reversed(endings)]
