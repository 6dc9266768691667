"""Equal texts in a labelled set: within parts, between parts, and with different labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet

EXAMPLES = 3
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class RepeatedTexts:
    """Different texts that occur more than once."""

    count: int
    examples: tuple[str, ...]
    """Words of up to three, cut to 60 characters."""

    @classmethod
    def of(cls, texts: Collection[tuple[str, ...]]) -> RepeatedTexts:
        """Count texts; the examples are the first in alphabetical order."""
        shown = (" ".join(words) for words in sorted(texts)[:EXAMPLES])
        return cls(len(texts), tuple(_cut(text) for text in shown))


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Texts with the same words, in any part of a labelled set."""

    within: Mapping[str, int]
    """Number of rows of each part whose text is in an earlier row of the part."""
    between: Mapping[str, RepeatedTexts]
    """Texts in both parts, by `train-dev`, `train-test` and `dev-test`."""
    conflicts: RepeatedTexts
    """Texts with more than one label."""


def find_duplicates(data: LabelledSet) -> Duplicates:
    """Find the texts that occur more than once."""
    parts = data.parts()
    counts = {part: Counter(words for words, _ in parts[part]) for part in PARTS}
    labels: dict[tuple[str, ...], int] = {}
    conflicts = set()
    for sentences in parts.values():
        for words, label in sentences:
            if labels.setdefault(words, label) != label:
                conflicts.add(words)
    return Duplicates(
        {part: len(parts[part]) - len(counts[part]) for part in PARTS},
        {
            f"{one}-{other}": RepeatedTexts.of(counts[one].keys() & counts[other].keys())
            for one, other in combinations(PARTS, 2)
        },
        RepeatedTexts.of(conflicts),
    )


def without_leaks(data: LabelledSet) -> LabelledSet:
    """Remove from train the texts that are in dev or test.

    Raises UserError if train then has no text of a label.
    """
    held_out = {words for words, _ in (*data.dev, *data.test)}
    train = [sentence for sentence in data.train if sentence.words not in held_out]
    kept = {sentence.label for sentence in train}
    for number, label in enumerate(data.labels):
        if number not in kept:
            raise UserError(
                f"labelled set {data.name}: every text of the label {label[:40]!r} in train is "
                "also in dev or test"
            )
    return LabelledSet.of(data.name, data.labels, {**data.parts(), "train": train})


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}..."
