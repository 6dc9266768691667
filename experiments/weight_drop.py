"""Does the ranking of NAS-Bench-NLP survive if the recurrent matrices are trained?

The released code leaves every recurrent matrix as it was drawn; the paper describes weight drop,
which trains them. This trains 150 published cells both ways, 30 of them with three seeds, small,
on the first lines of Penn Treebank, and compares the rankings with the published losses. An
interrupted run goes on with the same command.

    python experiments/weight_drop.py --text PTB_FOLDER --published ptb_multi_run.csv.gz \
        --out runs/weight_drop
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import pandas as pd
import typer

from nni_nlp_bench.cli.output import bar
from nni_nlp_bench.data.corpus import EOS, PARTS, UNKNOWN
from nni_nlp_bench.data.folder import read_folder
from nni_nlp_bench.parallel import mini
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.train import train_all
from nni_nlp_bench.training.log import OK
from nni_nlp_bench.training.settings import WeightDrop
from search_spaces.rnn_cell import Recipe

CELLS, REPEATED = 150, 30
LINES = {"train": 2_000, "valid": 300, "test": 300}
WORDS = 1_000
SETTINGS = replace(mini.SETTINGS, epochs=5)


def main(
    text: Annotated[Path, typer.Option(help="Folder with the three texts of Penn Treebank.")],
    published: Annotated[Path, typer.Option(help="CSV with the columns recipe and test_loss.")],
    out: Annotated[Path, typer.Option(help="Folder for logs and table.")],
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
) -> None:
    """Train both ways into OUT and write OUT/trainings.csv: one row a training."""
    shorten(text, out / "text")
    losses = published_losses(published)
    cells = [cell for cell in mini.mini_cells(4 * CELLS) if cell[1].canonical_key in losses][:CELLS]
    frames = []
    with cluster(workers=workers) as client:
        for mode in get_args(WeightDrop):
            logs = out / mode
            logs.mkdir(parents=True, exist_ok=True)
            with bar(mode) as progress:
                settings = replace(SETTINGS, weight_drop=mode)
                tasks = mini.make_tasks(cells, REPEATED, str(out / "text"), settings)
                train_all(client, tasks, logs, progress)
            frames.append(trainings(logs, losses))
    pd.concat(frames).to_csv(out / "trainings.csv", index=False)


def shorten(text: Path, out: Path) -> None:
    """The first lines of each part; all but the most frequent words of train become `<unk>`."""
    corpus = read_folder(text)
    words = np.array(corpus.vocabulary)
    lines = {part: _lines(words[getattr(corpus, part)], LINES[part]) for part in PARTS}
    counts = Counter(word for line in lines["train"] for word in line)
    kept = {word for word, _ in counts.most_common(WORDS)}
    out.mkdir(parents=True, exist_ok=True)
    for part, found in lines.items():
        rows = (" ".join(w if w in kept else UNKNOWN for w in line) for line in found)
        (out / f"{part}.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _lines(words: np.ndarray, count: int) -> list[list[str]]:
    ends = np.flatnonzero(words == EOS)[:count]
    return [part[part != EOS].tolist() for part in np.split(words[: ends[-1]], ends[:-1])]


def published_losses(path: Path) -> dict[str, float]:
    """Mean test loss over the published seeds, nats per token, by canonical key."""
    rows = pd.read_csv(path, usecols=["recipe", "test_loss"]).dropna()
    means = rows.groupby("recipe").test_loss.mean()
    keys = [Recipe.from_json(str(text)).canonical_key for text in means.index]
    return dict(zip(keys, means, strict=True))


def trainings(logs: Path, losses: dict[str, float]) -> pd.DataFrame:
    """One row a training: losses after the last epoch, nats per token; none where it failed."""
    rows = []
    for path in sorted(logs.iterdir()):
        log = json.loads(path.read_text("utf-8"))
        recipe, done = Recipe.from_json(log["recepie"]), log["status"] == OK
        rows.append(
            {
                "recipe_id": log["recepie_id"],
                "hidden_states": recipe.hidden_states,
                "weight_drop": log["weight_drop"],
                "seed": log["seed"],
                "status": log["status"],
                "val_loss": log["val_losses"][-1] if done else None,
                "test_loss": log["test_losses"][-1] if done else None,
                "published_loss": losses[recipe.canonical_key],
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    typer.run(main)
