"""What networks of one sampled architecture at a time tell NNI's one-shot strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

Memo = dict[str, Any]


def resample(
    sampled: dict[str, Any], categoricals: Mapping[str, Sequence[Any]], memo: Memo
) -> Memo:
    """Take the sample of the strategy over into `sampled`; draw what it leaves open.

    From torch's generator: NNI's own draws make a generator each, a tenth of a second for the 24
    layers of TextNAS.
    """
    for label, values in categoricals.items():
        if label in memo:
            sampled[label] = memo[label]
        else:
            sampled[label] = values[int(torch.randint(len(values), ()))]
    return dict(sampled)


def export(sampled: Mapping[str, Any], memo: Memo) -> Memo:
    """The last sample, without what the strategy has decided already."""
    return {label: value for label, value in sampled.items() if label not in memo}
