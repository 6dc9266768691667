"""Loss, decoding and error rate of networks that recognise phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError

BLANK = 0
"""The output that stands for no phoneme."""


def ctc_loss(logits: Tensor, frames: Tensor, targets: Tensor, counts: Tensor) -> Tensor:
    """Return the mean over sentences of the CTC loss per output frame.

    It is 0 for a sentence with more phonemes than its frames can hold.

    Args:
        logits: (batch, output frames, classes).
        frames: (batch,) numbers of output frames.
        targets: (batch, phonemes), from 1.
        counts: (batch,) numbers of phonemes.
    """
    losses = functional.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        targets,
        frames,
        counts,
        blank=BLANK,
        reduction="none",
        zero_infinity=True,
    )
    return (losses / frames).mean()


def greedy_decode(logits: Tensor, frames: Tensor) -> list[list[int]]:
    """Return the phonemes of the likeliest output of each frame, without repetitions and blanks.

    The release decodes by a beam of 12.
    """
    rows = zip(logits.argmax(-1).tolist(), frames.tolist(), strict=True)
    return [
        [phoneme for phoneme, _ in groupby(row[:count]) if phoneme != BLANK] for row, count in rows
    ]


def error_rate(found: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> float:
    """Return the phoneme error rate (PER) of sentences: 0 to 1 and more, lower is better.

    It is the number of substituted, deleted and inserted phonemes, divided by that of the expected
    ones. Raises UserError if there are none.
    """
    count = sum(map(len, expected))
    if not count:
        raise UserError("an error rate needs at least one expected phoneme")
    return sum(_edits(own, true) for own, true in zip(found, expected, strict=True)) / count


def _edits(found: Sequence[int], expected: Sequence[int]) -> int:
    """Return the Levenshtein distance."""
    row = list(range(len(expected) + 1))
    for number, phoneme in enumerate(found, start=1):
        before, row = row, [number]
        for place, true in enumerate(expected):
            row.append(min(before[place] + (phoneme != true), before[place + 1] + 1, row[-1] + 1))
    return row[-1]
