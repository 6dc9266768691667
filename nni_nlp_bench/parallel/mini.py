"""Build the benchmark `mini`: train and score cells, and write their table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.benchmarks.importers.reading import Progress, no_progress
from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.parallel.score import score_all
from nni_nlp_bench.parallel.train import train_all
from nni_nlp_bench.training.settings import Dropouts, Settings, Sizes
from nni_nlp_bench.training.task import TrainingTask
from nni_nlp_bench.zero_cost.scoring import Scoring
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import NAMED, first_ids, published_recipe

if TYPE_CHECKING:
    from distributed import Client

NAME = "mini"
CORPUS = "pydoc-small"
CELLS = 1_000
REPEATED = 200
"""Number of cells, the first ones, that are trained with three seeds."""
SETTINGS = Settings(
    epochs=10,
    sizes=Sizes(embedding=64, hidden=64, layers=1),
    dropouts=Dropouts(output=0.2, hidden=0.1, input=0.2, embedding=0.05, weight=0.2),
    weight_drop="trained",
    bptt=35,
    learning_rate=1e-2,
)


SCORES = (
    "miniature_recall",
    "miniature_correlation",
    "layer1_hidden_covariance",
    "activation_distance",
    "naswot",
    "linear_regions",
    "ntk_condition",
    "jacobian_covariance",
    "jacobian_cosine",
    "large_noise_jacobian",
    "large_noise_jacobian_cosine",
    "more_noised_jacobian",
    "more_noised_jacobian_cosine",
    "hidden_synaptic_saliency",
    "synaptic_saliency",
    "num_params",
)
SCORING = Scoring(SCORES, CORPUS, SETTINGS.sizes, columns=20, steps=35)


def build(
    client: Client,
    out: Path,
    cells: int = CELLS,
    repeated: int = REPEATED,
    progress: Progress = no_progress,
) -> Table:
    """Build a benchmark, or resume an interrupted build.

    Args:
        client: Dask client.
        out: Output folder for `logs`, `scores.csv` and `table`.
        cells: Number of distinct cells.
        repeated: Number of cells that are trained with three seeds.
        progress: Called with the number of completed tasks and the total.

    Returns:
        The table.

    Raises:
        UserError: a task failed, or the folder belongs to other settings.
    """
    (out / "logs").mkdir(parents=True, exist_ok=True)
    train_all(client, mini_tasks(cells, repeated), out / "logs", progress)
    table = make_table(out / "logs")
    recipes = [(i + 1, recipe) for i, recipe in enumerate(table.architectures())]
    score_all(client, recipes, SCORING, out / "scores.csv", progress)
    table.save(out / "table", overwrite=True)
    return table


def make_table(logs: Path) -> Table:
    """Return the table of the logs in a folder. Raises BenchmarkError."""
    digest = load_corpus(CORPUS).digest
    return Table.from_runs(
        read_release_logs(logs).runs,
        name=NAME,
        space="rnn_cell",
        epochs=SETTINGS.epochs,
        description=(
            "small language models, one layer of 64 units, trained for 10 epochs on the text of "
            f"Python's documentation (sha256 {digest[:12]}), weight drop `{SETTINGS.weight_drop}`"
        ),
        source="trained by nni-nlp-bench: `nni-nlp-bench benchmark build-mini`",
        licence="MIT",
        citation="nni-nlp-bench, benchmark mini",
    )


def mini_cells(count: int = CELLS) -> list[tuple[int, Recipe]]:
    """Return ids and recipes of distinct published cells.

    The named cells come first, then alternately cells with 1, 2 and 3 hidden states.
    """
    cells: dict[str, tuple[int, Recipe]] = {}
    for recipe_id in _interleave(first_ids()):
        recipe = published_recipe(recipe_id)
        cells.setdefault(recipe.canonical_key, (recipe_id, recipe))
        if len(cells) == count:
            break
    return list(cells.values())


def mini_tasks(cells: int = CELLS, repeated: int = REPEATED) -> list[TrainingTask]:
    """Return all trainings: every cell with seed 0, then the first ones with seeds 1 and 2."""
    return make_tasks(mini_cells(cells), repeated, CORPUS, SETTINGS)


def make_tasks(
    cells: Sequence[tuple[int, Recipe]], repeated: int, corpus: str, settings: Settings
) -> list[TrainingTask]:
    """Return trainings of every (id, cell) with seed 0, then the first ones with seeds 1 and 2."""
    once = [(recipe_id, recipe, 0) for recipe_id, recipe in cells]
    again = [(i, recipe, seed) for seed in (1, 2) for i, recipe in cells[:repeated]]
    return [
        TrainingTask(recipe.to_json(), recipe_id, corpus, replace(settings, seed=seed))
        for recipe_id, recipe, seed in once + again
    ]


def _interleave(ids: list[int]) -> Iterator[int]:
    """Yield the named ids, then ids of each consecutive block in turn."""
    named, rest = ids[: len(NAMED)], ids[len(NAMED) :]
    starts = [0, *(i for i in range(1, len(rest)) if rest[i] != rest[i - 1] + 1), len(rest)]
    blocks = [rest[a:b] for a, b in pairwise(starts)]
    mixed = chain.from_iterable(zip_longest(*blocks))
    return chain(named, (i for i in mixed if i is not None))
