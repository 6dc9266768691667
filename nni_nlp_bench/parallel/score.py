"""Score many recipes and write a CSV file, with a journal to resume interrupted runs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.evaluators.json_lines import JsonLines
from nni_nlp_bench.parallel.map import map_unordered
from nni_nlp_bench.zero_cost.scoring import BaseScoring
from nni_nlp_bench.zero_cost.task import ScoringTask, score_task
from search_spaces.base import Architecture

if TYPE_CHECKING:
    from distributed import Client

COLUMNS = ("line", "recipe", "canonical_key")


def score_all(
    client: Client,
    recipes: Sequence[tuple[int, Architecture]],
    scoring: BaseScoring,
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Compute scores and write one row per recipe; equal recipes are scored once.

    The journal beside `out` is deleted at the end.

    Args:
        client: Dask client.
        recipes: Line numbers and recipes.
        scoring: Scores to compute.
        out: CSV file to write.
        progress: Called with the number of scored recipes and the total.

    Raises:
        ParallelError: a task failed.
        UserError: the journal belongs to other options.
    """
    path = out.with_name(f".{out.name}.jsonl")
    journal = JsonLines(path)
    known = _load_scores(journal, scoring)
    texts = list(dict.fromkeys(recipe.to_json() for _, recipe in recipes))
    tasks = [ScoringTask(text, scoring) for text in texts if text not in known]
    progress(len(texts) - len(tasks), len(texts))
    try:
        for task, values in map_unordered(
            client, score_task, tasks, name=lambda task: task.recipe[:80]
        ):
            journal.append({"recipe": task.recipe, "scores": values})
            known[task.recipe] = values
            progress(len(known), len(texts))
    except UserError:
        if not known:
            path.unlink(missing_ok=True)
        raise
    finally:
        journal.close()
    _write(out, recipes, scoring, known)
    path.unlink(missing_ok=True)


def _load_scores(journal: JsonLines, scoring: BaseScoring) -> dict[str, dict[str, float]]:
    """Return known scores by recipe; the first line of the journal has the options."""
    settings: dict[str, Any] = {**asdict(cast(Any, scoring)), "scores": list(scoring.scores)}
    settings["data"] = scoring.digest
    if not journal.lines:
        journal.append(settings)
    elif journal.lines[0] != settings:
        raise UserError(
            f"{journal.path} belongs to an unfinished run with other options or another text: use "
            "the same, or delete the file"
        )
    known = {line.get("recipe"): line.get("scores") for line in journal.lines[1:]}
    if not all(_is_scored(recipe, values, scoring) for recipe, values in known.items()):
        raise UserError(f"{journal.path} is damaged: delete it to start over")
    return cast(dict[str, dict[str, float]], known)


def _is_scored(recipe: Any, values: Any, scoring: BaseScoring) -> bool:
    return (
        isinstance(recipe, str)
        and isinstance(values, dict)
        and values.keys() == set(scoring.scores)
        and all(isinstance(value, int | float) for value in values.values())
    )


def _write(
    out: Path,
    recipes: Sequence[tuple[int, Architecture]],
    scoring: BaseScoring,
    known: dict[str, dict[str, float]],
) -> None:
    with atomic_write(out) as new, new.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow((*COLUMNS, *scoring.scores))
        for line, recipe in recipes:
            text = recipe.to_json()
            values = known[text]
            writer.writerow(
                (line, text, recipe.canonical_key, *(values[name] for name in scoring.scores))
            )
