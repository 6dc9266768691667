"""The benchmark `mini`: which cells are trained, how, and the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise, zip_longest

from nni_nlp_bench.training.settings import Dropouts, Settings, Sizes
from nni_nlp_bench.training.task import TrainingTask
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import NAMED, first_ids, published_recipe

CORPUS = "pydoc-small"
CELLS = 1_000
REPEATED = 200
"""Cells that are trained with three seeds, the first ones."""
SETTINGS = Settings(
    epochs=10,
    sizes=Sizes(embedding=64, hidden=64, layers=1),
    dropouts=Dropouts(output=0.2, hidden=0.1, input=0.2, embedding=0.05, weight=0.2),
    weight_drop="trained",
    bptt=35,
    learning_rate=1e-2,
)


def mini_cells(count: int = CELLS) -> list[tuple[int, Recipe]]:
    """Published ids and recipes: the named cells, then in turn one of 1, 2 and 3 hidden states.

    No two of them are the same cell.
    """
    cells: dict[str, tuple[int, Recipe]] = {}
    for recipe_id in _in_turn(first_ids()):
        recipe = published_recipe(recipe_id)
        cells.setdefault(recipe.canonical_key, (recipe_id, recipe))
        if len(cells) == count:
            break
    return list(cells.values())


def mini_tasks(cells: int = CELLS, repeated: int = REPEATED) -> list[TrainingTask]:
    """All trainings: every cell once, then the first ones with seeds 1 and 2."""
    chosen = mini_cells(cells)
    once = [(recipe_id, recipe, 0) for recipe_id, recipe in chosen]
    again = [(i, recipe, seed) for seed in (1, 2) for i, recipe in chosen[:repeated]]
    return [
        TrainingTask(recipe.to_json(), recipe_id, CORPUS, replace(SETTINGS, seed=seed))
        for recipe_id, recipe, seed in once + again
    ]


def _in_turn(ids: list[int]) -> Iterator[int]:
    """The named ones, then one id of each block in turn; blocks are where ids jump."""
    named, rest = ids[: len(NAMED)], ids[len(NAMED) :]
    starts = [0, *(i for i in range(1, len(rest)) if rest[i] != rest[i - 1] + 1), len(rest)]
    blocks = [rest[a:b] for a, b in pairwise(starts)]
    mixed = chain.from_iterable(zip_longest(*blocks))
    return chain(named, (i for i in mixed if i is not None))
