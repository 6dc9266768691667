"""How fast the values of the recurrent cell are: `python tests/performance/bench_values.py`."""

from __future__ import annotations

import subprocess
import sys
import timeit
from collections.abc import Callable

import numpy as np

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.encoding import encode
from search_spaces.rnn_cell.moves import mutate, neighbours, sample
from search_spaces.rnn_cell.published import named_recipe, published_recipe

COLD = "from search_spaces.registry import get_space; print(get_space('rnn_cell').parse('lstm'))"
RECIPES = [published_recipe(1_000_003 + 47 * i) for i in range(200)]
TEXTS = [recipe.to_json() for recipe in RECIPES]


def cold_start() -> None:
    subprocess.run([sys.executable, "-c", COLD], check=True, stdout=subprocess.DEVNULL)


def for_each(work: Callable[[Recipe], object]) -> Callable[[], None]:
    """Work on every recipe as if it was read just now."""

    def run() -> None:
        for text in TEXTS:
            work(Recipe.from_json(text))

    return run


def measures() -> dict[str, tuple[int, Callable[[], object]]]:
    """What is measured: how many of it one call does, and the call."""
    rng = np.random.default_rng(0)
    lstm = named_recipe("lstm")
    count = len(TEXTS)
    return {
        "cold start: read the lstm": (1, cold_start),
        "published recipe from its id": (1, lambda: published_recipe(1_009_000)),
        "recipe from JSON": (count, for_each(lambda recipe: recipe)),
        "recipe and its canonical key": (count, for_each(lambda recipe: recipe.canonical_key)),
        "recipe and its flat features": (count, for_each(encode)),
        "sample": (1, lambda: sample(rng)),
        "mutation of the lstm": (1, lambda: mutate(lstm, rng)),
        "all neighbours of the lstm": (1, lambda: neighbours(lstm)),
    }


def main() -> None:
    for name, (count, call) in measures().items():
        call()
        calls, seconds = timeit.Timer(call).autorange()
        print(f"{name:32} {1e3 * seconds / calls / count:10.3f} ms")


if __name__ == "__main__":
    main()
