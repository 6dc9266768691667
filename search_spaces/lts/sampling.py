"""The published sets of decoders: how each draws its values.

Source: the release's configurations, and the ranges of its searches for Pareto fronts. Every value
is uniform: of depths and inner widths over whole numbers, of widths, heads and divisors over their
lists. The random sets draw every layer anew, the homogeneous one all layers alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.rules import N_HEADS, RULES, STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSet:
    """Distribution of a set; inner widths are also as the rules of its data set say."""

    model: str
    dataset: str
    n_layers: tuple[int, ...]
    d_models: tuple[int, ...]
    d_embeds: tuple[int, ...] | None = None
    """None if the embedding is as wide as the model."""
    div_vals: tuple[int, ...] = (4,)
    n_heads: tuple[int, ...] = N_HEADS
    min_inner: int = 512
    max_inner: int = 2_048
    step: int = 1
    """Difference of successive inner widths."""
    is_homogeneous: bool = False
    """Whether all layers are alike."""
    non_embedding: tuple[float, float] = (0, np.inf)
    """Fewest and most parameters outside the embedding; other decoders are drawn again."""

    def sample(self, rng: np.random.Generator) -> LtsArchitecture:
        """Return a random decoder of the set."""
        fewest, most = self.non_embedding
        while True:
            decoder = self._draw(rng)
            if fewest <= count_parameters(decoder).non_embedding <= most:
                return decoder

    def _draw(self, rng: np.random.Generator) -> LtsArchitecture:
        d_model, n_layer = _one_of(self.d_models, rng), _one_of(self.n_layers, rng)
        drawn = 1 if self.is_homogeneous else n_layer
        layers = tuple(self._draw_layer(d_model, rng) for _ in range(drawn))
        return LtsArchitecture(
            model=self.model,
            dataset=self.dataset,
            d_model=d_model,
            d_embed=d_model if self.d_embeds is None else _one_of(self.d_embeds, rng),
            div_val=_one_of(self.div_vals, rng),
            layers=layers * n_layer if self.is_homogeneous else layers,
        )

    def _draw_layer(self, d_model: int, rng: np.random.Generator) -> DecoderLayer:
        low, _ = RULES[self.model, self.dataset].inner_range(d_model)
        widths = range(self.min_inner, self.max_inner + 1, self.step)
        first = -(-max(0, low - self.min_inner) // self.step)
        return DecoderLayer(_one_of(self.n_heads, rng), _one_of(widths[first:], rng))


_POWERS = (64, 128, 256, 512)
_EMBEDS = (128, 256, 512)
_STEPS = tuple(range(128, 961, STEP))

SETS: Mapping[str, PublishedSet] = {
    "gpt2-wt103": PublishedSet(
        model="gpt2",
        dataset="wt103",
        n_layers=tuple(range(2, 17)),
        d_models=_POWERS,
        d_embeds=_EMBEDS,
        div_vals=(1, 2, 4),
    ),
    "gpt2-lm1b": PublishedSet(
        model="gpt2",
        dataset="lm1b",
        n_layers=tuple(range(2, 17)),
        d_models=_POWERS[1:],
        div_vals=(1, 2, 4),
    ),
    "txl-wt103": PublishedSet(
        model="transformer_xl",
        dataset="wt103",
        n_layers=(5, 6, 7, 8),
        d_models=_POWERS,
        d_embeds=_EMBEDS,
        div_vals=(1, 2, 4),
    ),
    "txl-lm1b": PublishedSet(
        model="transformer_xl", dataset="lm1b", n_layers=(5, 6, 7, 8), d_models=_POWERS
    ),
    "txl-lm1b-pareto": PublishedSet(
        model="transformer_xl",
        dataset="lm1b-pareto",
        n_layers=tuple(range(2, 17)),
        d_models=_STEPS,
        min_inner=128,
        max_inner=4_032,
        step=STEP,
        non_embedding=(4e6, 100e6),
    ),
    "txl-wt103-homogeneous": PublishedSet(
        model="transformer_xl",
        dataset="wt103",
        n_layers=(5, 6, 7),
        d_models=_POWERS[:3],
        d_embeds=_EMBEDS[:2],
        div_vals=(1, 2, 4),
        n_heads=(2, 4),
        is_homogeneous=True,
    ),
    "gpt2-lm1b-pareto": PublishedSet(
        model="gpt2",
        dataset="lm1b",
        n_layers=tuple(range(2, 16)),
        d_models=_STEPS,
        min_inner=128,
        max_inner=4_032,
        step=STEP,
        non_embedding=(6e6, 100e6),
    ),
}
"""Sets by name. Those of the searches are uniform over the space that the searches explored."""


def set_of(model: str, dataset: str) -> PublishedSet:
    """Return the set that samples of a model and a data set come from: the first."""
    return next(s for s in SETS.values() if (s.model, s.dataset) == (model, dataset))


def _one_of(values: Sequence[int], rng: np.random.Generator) -> int:
    return values[int(rng.integers(len(values)))]
