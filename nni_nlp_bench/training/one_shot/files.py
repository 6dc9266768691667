"""The files of a one-shot search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.one_shot.module import Reward
from nni_nlp_bench.training.one_shot.settings import SPACE, OneShot, OneShotSettings
from search_spaces.enas_cell import CellError
from search_spaces.enas_cell.recipe import to_recipe
from search_spaces.files import whole_file, write_csv, write_json
from search_spaces.pictures import blank_figure

if TYPE_CHECKING:
    from nni_nlp_bench.training.one_shot.search import Found

SMOOTHED = 0.1
"""The share of all rewards over which the line of the plot is a running mean."""


def write_files(
    out: Path,
    corpus: Corpus,
    strategy: OneShot,
    settings: OneShotSettings,
    seed: int,
    found: Found,
) -> None:
    """`settings.json`; `best.json`; `rewards.csv`: one row a reward; `rewards.png`: their course;
    `best.png`: the cell."""
    from search_spaces.enas_cell.drawing import draw

    write_json(out / "settings.json", settings_of(corpus, strategy, settings, seed))
    write_json(out / "best.json", best_of(corpus, strategy, seed, found))
    columns = [field.name for field in fields(Reward)]
    write_csv(out / "rewards.csv", columns, map(asdict, found.rewards))
    _plot(out / "rewards.png", found.rewards, f"{strategy} on {corpus.name}, seed {seed}")
    draw(found.cell, out / "best.png")


def settings_of(
    corpus: Corpus, strategy: OneShot, settings: OneShotSettings, seed: int
) -> dict[str, Any]:
    """What decides the result of a search."""
    return {**_run(corpus, strategy, seed), **asdict(settings)}


def best_of(corpus: Corpus, strategy: OneShot, seed: int, found: Found) -> dict[str, Any]:
    """The found cell, and the recipe of NAS-Bench-NLP that says the same, or why none does."""
    cell = found.cell
    try:
        recipe, why = json.loads(to_recipe(cell).to_json()), None
    except CellError as error:
        recipe, why = None, str(error)
    return {
        "space": SPACE,
        "architecture": json.loads(cell.to_json()),
        "canonical_key": cell.canonical_key,
        **_run(corpus, strategy, seed),
        "perplexity": found.perplexity,
        "recipe": recipe,
        "why_no_recipe": why,
    }


def _run(corpus: Corpus, strategy: OneShot, seed: int) -> dict[str, Any]:
    return {"strategy": strategy, "seed": seed, "corpus": corpus.name, "digest": corpus.digest}


def _plot(path: Path, rewards: Sequence[Reward], title: str) -> None:
    """Every reward as a point, and their running mean as a line; higher is better."""
    import numpy as np

    values = np.array([reward.reward for reward in rewards])
    width = max(1, int(SMOOTHED * len(values)))
    smooth = np.convolve(values, np.full(width, 1 / width), "valid")
    figure = blank_figure(7, 4)
    axes = figure.subplots()
    axes.plot(np.arange(1, len(values) + 1), values, ".", markersize=3, color="#56B4E9")
    axes.plot(np.arange(width, len(values) + 1), smooth, color="#0072B2")
    axes.set_xlabel("windows of the validation text")
    axes.set_ylabel("reward: 80 / perplexity")
    axes.set_title(f"{title}\npoints: rewards; line: mean of the last {width}", fontsize=10)
    with whole_file(path) as new:
        figure.savefig(new, dpi=130)
