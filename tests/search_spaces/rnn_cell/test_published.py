"""The regenerated list of 14,003 ids is the published one."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from search_spaces.rnn_cell.architecture import Recipe, RecipeError
from search_spaces.rnn_cell.language_model import language_model_parameters
from search_spaces.rnn_cell.published import named_recipe, published_ids, published_recipe

FIRST = 1_000_000
WIKITEXT2_VOCABULARY = 10_000 + 23_278


@pytest.fixture(scope="module")
def published() -> dict[int, Recipe]:
    return {i: published_recipe(i) for i in published_ids()}


@pytest.fixture(scope="module")
def ptb_rows(shared: Callable[[str], Path]) -> list[dict[str, str]]:
    with gzip.open(shared("nas-bench-nlp/ptb_multi_run.csv.gz"), "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_list_never_changes(published: dict[int, Recipe]) -> None:
    text = "".join(f"{recipe.to_json()}\n" for recipe in published.values())
    digest = "d768405bcf866bfdc8405392c8eebdca39d880e3aab1f937921dc3d5c1ca8fb1"
    assert sha256(text.encode()).hexdigest() == digest


@pytest.mark.slow
def test_the_list_has_the_published_length_and_ends(published: dict[int, Recipe]) -> None:
    assert list(published) == list(range(FIRST, FIRST + 14_003))
    assert [published[FIRST + i] for i in range(3)] == [
        named_recipe(name) for name in ("rnn", "lstm", "gru")
    ]
    states = Counter(recipe.hidden_states for recipe in published.values())
    assert states == {1: 6_000 + 2, 2: 6_000 + 1, 3: 2_000}


@pytest.mark.parametrize("wrong", [FIRST - 1, FIRST + 14_003, 0, -1])
def test_an_id_outside_the_list_is_refused(wrong: int) -> None:
    with pytest.raises(RecipeError, match=f"no published recipe {wrong}: ids run from 1000000 to"):
        published_recipe(wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "cells", "third"), [(3, 2000, 2000), (6003, 2000, 2000), (12_003, 735, 530)]
)
def test_a_block_repeats_each_recipe_three_times(
    published: dict[int, Recipe], start: int, cells: int, third: int
) -> None:
    block = [published[FIRST + start + i].nodes for i in range(2 * cells + third)]
    assert block[:cells] == block[cells : 2 * cells]
    assert block[:third] == block[2 * cells :]


@pytest.mark.slow
def test_distinct_recipes_are_fewer_distinct_cells(published: dict[int, Recipe]) -> None:
    assert len({recipe.nodes for recipe in published.values()}) == 4_322
    assert len(set(published.values())) == 3_776


@pytest.mark.slow
def test_the_logs_hold_the_same_recipes(shared: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(shared("nas-bench-nlp/wikitext2_logs.zip")) as logs:
        names = [name for name in logs.namelist() if name.endswith(".json")]
        for name in names:
            log = json.loads(logs.read(name))
            recipe = published_recipe(log["recepie_id"])
            assert recipe.to_json() == log["recepie"]
            parameters = language_model_parameters(recipe, WIKITEXT2_VOCABULARY)
            assert parameters == log["num_params"]
    assert len(names) == 345


@pytest.mark.slow
def test_the_ptb_table_holds_the_same_recipes_and_parameters(
    published: dict[int, Recipe], ptb_rows: list[dict[str, str]]
) -> None:
    for row in ptb_rows:
        recipe = published[int(row["recipe_id"])]
        assert recipe.to_json() == row["recipe"]
        if row["num_params"]:
            assert language_model_parameters(recipe) == float(row["num_params"])
    assert len(ptb_rows) == 9_342


@pytest.mark.slow
def test_the_ptb_table_merges_no_cell_that_we_keep_apart_but_by_sharing(
    published: dict[int, Recipe], ptb_rows: list[dict[str, str]]
) -> None:
    """Its column `cell` unfolds shared nodes, so it is coarser there, and only there."""
    cells: dict[str, set[Recipe]] = defaultdict(set)
    for row in ptb_rows:
        cells[row["cell"]].add(published[int(row["recipe_id"])])
    assert sum(map(len, cells.values())) == len(set().union(*cells.values()))
    merged = [list(recipes) for recipes in cells.values() if len(recipes) > 1]
    assert len(merged) == 12
    for recipes in merged:
        assert len({len(recipe.nodes) for recipe in recipes}) == len(recipes)
