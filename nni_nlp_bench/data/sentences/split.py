"""Split of labelled rows into train, dev and test."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import PARTS
from nni_nlp_bench.data.sentences.rows import Part, sorted_labels

DEV_SHARE = TEST_SHARE = 0.1
LEAST_TEXTS = 3
"""Different texts that a label needs: one per part."""
_SHOWN_LABELS = 5

Words = tuple[str, ...]


def split_labelled(
    rows: Part, *, seed: int = 0, dev: float = DEV_SHARE, test: float = TEST_SHARE
) -> dict[str, Part]:
    """Split rows into train, dev and test, stratified by label.

    Rows with the same words are in the same part, so that no text of dev or test is trained on.
    Of the different texts of each label, the shares `dev` and `test` are rounded to at least one
    text. Texts with several labels are in train only: they have no right answer. The part of a
    text depends on the seed, and on which texts have which labels, but neither on the order of
    rows nor on the machine. Within a part, rows keep their order.

    Args:
        rows: Rows of one source.
        seed: Seed of the split.
        dev: Share of dev, above 0.
        test: Share of test, above 0; both sum to less than 1.

    Raises:
        UserError: A share is out of range, or a label has fewer than three different texts.
    """
    if not (dev > 0 and test > 0 and dev + test < 1):
        raise UserError(
            f"the shares of dev and test must be above 0 and sum to less than 1, "
            f"got {dev} and {test}"
        )
    texts = _texts_by_label(rows)
    _check_enough_texts(rows, texts)
    part_of: dict[Words, str] = {}
    for own in texts.values():
        ranked = sorted(own, key=lambda words: _rank(seed, words))
        n_test = min(max(1, round(test * len(own))), len(own) - 2)
        n_dev = min(max(1, round(dev * len(own))), len(own) - 1 - n_test)
        part_of |= dict.fromkeys(ranked[:n_test], "test")
        part_of |= dict.fromkeys(ranked[n_test : n_test + n_dev], "dev")
    return {
        part: rows._replace(
            rows=[row for row in rows.rows if part_of.get(row.words, "train") == part]
        )
        for part in PARTS
    }


def _texts_by_label(rows: Part) -> dict[str, list[Words]]:
    """Return the different texts of each label, without those that have several labels."""
    labels: dict[Words, str | None] = {}
    for _, words, label in rows.rows:
        if labels.setdefault(words, label) != label:
            labels[words] = None
    texts: dict[str, list[Words]] = {label: [] for label in {row.label for row in rows.rows}}
    for words, known in labels.items():
        if known is not None:
            texts[known].append(words)
    return texts


def _check_enough_texts(rows: Part, texts: Mapping[str, Collection[Words]]) -> None:
    few = [label for label in sorted_labels(texts) if len(texts[label]) < LEAST_TEXTS]
    if few:
        names = ", ".join(repr(label[:40]) for label in few[:_SHOWN_LABELS])
        more = f" and {len(few) - _SHOWN_LABELS} more" if len(few) > _SHOWN_LABELS else ""
        raise UserError(
            f"{rows.source}: fewer than {LEAST_TEXTS} different texts of the label {names}{more}: "
            "each label needs one for each of train, dev and test; add texts, merge such labels or "
            "remove their rows"
        )


def _rank(seed: int, words: Words) -> bytes:
    return hashlib.sha256(f"{seed}\n{' '.join(words)}".encode()).digest()
