"""The published list of NAS-Bench-NLP (ids 1000000..1014002), regenerated from random seeds.

The rule: `[rnn, lstm, gru] + 3 x V(1) + 3 x V(2) + 3 x V(3)`, cut at 14,003 entries, where V(h) are
the valid cells of the release's generator with h hidden states and 13 vertices, in seed order.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.rnn_cell.architecture import Recipe, RecipeError
from search_spaces.rnn_cell.generator import generate

FIRST_ID = 1_000_000
COUNT = 14_003
NAMED = ("rnn", "lstm", "gru")
VERTICES = 13
REPEATS = 3


def published_ids() -> range:
    """Return all ids of the published list."""
    return range(FIRST_ID, FIRST_ID + COUNT)


@cache
def published_names() -> tuple[str, ...]:
    """`rnn`, `lstm`, `gru`, and all ids."""
    return (*NAMED, *map(str, published_ids()))


def first_ids() -> list[int]:
    """Return the ids without the repeats of each seed."""
    start = FIRST_ID + len(NAMED)
    ids = list(range(FIRST_ID, start))
    for seeds in _valid_seeds().values():
        ids += range(start, start + len(seeds))
        start += REPEATS * len(seeds)
    return ids


def published_recipe(recipe_id: int) -> Recipe:
    """Return the recipe of a published id. Raises RecipeError for an id that is not in the list."""
    if recipe_id not in published_ids():
        last = FIRST_ID + COUNT - 1
        raise RecipeError(f"no published recipe {recipe_id}: ids run from {FIRST_ID} to {last}")
    position = recipe_id - FIRST_ID - len(NAMED)
    if position < 0:
        return named_recipe(NAMED[position])
    for hidden_states, seeds in _valid_seeds().items():
        if position < REPEATS * len(seeds):
            seed = seeds[position % len(seeds)]
            recipe = generate(np.random.RandomState(seed), hidden_states, VERTICES)
            assert recipe is not None, "every listed seed gives a valid recipe"
            return recipe
        position -= REPEATS * len(seeds)
    raise AssertionError("the published ranges cover every id")


def id_of(text: str) -> int:
    """Return the published id that a name or an id in digits stands for; -1 for any other text."""
    if text in NAMED:
        return FIRST_ID + NAMED.index(text)
    return int(text) if text.isascii() and text.isdigit() and int(text) in published_ids() else -1


def named_recipe(name: str) -> Recipe:
    """`rnn`, `lstm` or `gru` as the release wires them."""
    return Recipe.from_json(_read("named.json")[name])


@cache
def _valid_seeds() -> dict[int, list[int]]:
    return {int(states): seeds for states, seeds in _read("valid_seeds.json").items()}


@cache
def _read(file_name: str) -> dict[str, Any]:
    text = (Path(__file__).parent / file_name).read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
