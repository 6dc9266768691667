"""What the data sets decide: vocabularies, and the published ranges of every value.

Source: the release of LiteTransformerSearch (microsoft/archai, branch neurips-lts). The ranges are
those of its random samples and of its searches for Pareto fronts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

N_HEADS = (2, 4, 8)
STEP = 64
"""Difference of successive widths in the searches."""
_POWERS = (64, 128, 256, 512)
_STEPS = tuple(range(128, 961, STEP))


@dataclass(frozen=True, slots=True)
class Setting:
    """Vocabulary of a network, and how its embedding and softmax are cut into clusters."""

    vocabulary: int
    """Number of tokens."""
    cutoffs: tuple[int, ...]
    """First token, in order of frequency, of each cluster but the first. Those beyond the
    vocabulary do not count."""
    length: int
    """Tokens of a segment in training: GPT-2's positions, and Transformer-XL's memory."""
    ties_tails: bool
    """Whether the softmax projects every cluster but the first by the embedding's matrix. The
    first has a projection of its own; otherwise all have."""

    @property
    def cluster_sizes(self) -> tuple[int, ...]:
        """Number of tokens of each cluster."""
        inner = [cutoff for cutoff in self.cutoffs if cutoff < self.vocabulary]
        return tuple(end - start for start, end in pairwise([0, *inner, self.vocabulary]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Allowed values of the decoders of a model and a data set."""

    setting: Setting
    n_layers: tuple[int, ...]
    d_models: tuple[int, ...]
    d_embeds: tuple[int, ...] | None
    """None if the embedding is as wide as the model."""
    div_vals: tuple[int, ...]
    min_inner: int
    max_inner: int
    inner_ratio: float
    """Lower bound of an inner width divided by the model's."""

    def inner_range(self, d_model: int) -> tuple[int, int]:
        """Return the lowest and the highest inner width of a feed-forward network."""
        return max(self.min_inner, int(self.inner_ratio * d_model)), self.max_inner

    def embeds(self, d_model: int) -> tuple[int, ...]:
        """Return the allowed widths of the embedding."""
        return (d_model,) if self.d_embeds is None else self.d_embeds


_WT103_CUTOFFS = (19_997, 39_997, 199_997)
_LM1B_CUTOFFS = (59_997, 99_997, 639_997)

RULES: Mapping[tuple[str, str], Rules] = {
    ("gpt2", "wt103"): Rules(
        setting=Setting(50_264, _WT103_CUTOFFS, 192, ties_tails=True),
        n_layers=tuple(range(2, 17)),
        d_models=_POWERS,
        d_embeds=(128, 256, 512),
        div_vals=(1, 2, 4),
        min_inner=512,
        max_inner=2_048,
        inner_ratio=1.7,
    ),
    ("gpt2", "lm1b"): Rules(
        setting=Setting(50_264, _LM1B_CUTOFFS, 32, ties_tails=False),
        n_layers=tuple(range(2, 17)),
        d_models=_STEPS,
        d_embeds=None,
        div_vals=(1, 2, 4),
        min_inner=128,
        max_inner=4_032,
        inner_ratio=1.7,
    ),
    ("transformer_xl", "wt103"): Rules(
        setting=Setting(267_736, _WT103_CUTOFFS, 192, ties_tails=True),
        n_layers=(5, 6, 7, 8),
        d_models=_POWERS,
        d_embeds=(128, 256, 512),
        div_vals=(1, 2, 4),
        min_inner=512,
        max_inner=2_048,
        inner_ratio=2,
    ),
    ("transformer_xl", "lm1b"): Rules(
        setting=Setting(793_470, _LM1B_CUTOFFS, 32, ties_tails=False),
        n_layers=(5, 6, 7, 8),
        d_models=_POWERS,
        d_embeds=None,
        div_vals=(4,),
        min_inner=512,
        max_inner=2_048,
        inner_ratio=2,
    ),
    ("transformer_xl", "lm1b-pareto"): Rules(
        setting=Setting(267_735, _LM1B_CUTOFFS, 32, ties_tails=False),
        n_layers=tuple(range(2, 17)),
        d_models=_STEPS,
        d_embeds=None,
        div_vals=(4,),
        min_inner=128,
        max_inner=4_032,
        inner_ratio=1.7,
    ),
}
"""Rules by model and data set.

`lm1b-pareto` is lm1b with the vocabulary of 267,735 words that the searches for Pareto fronts of
Transformer-XL took, so that its perplexities are not comparable with those of `lm1b`. Those of
GPT-2 took the vocabulary of its random sample: both are `lm1b`.
"""
