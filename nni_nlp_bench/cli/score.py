"""`score`: training-free scores of a file of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from search_spaces.errors import UserError


def score(
    recipes: Annotated[Path, typer.Option(help="JSON lines: one recipe a line.")],
    scores: Annotated[str, typer.Option(help="Names, with commas between: see `list`.")],
    corpus: options.CorpusName,
    out: Annotated[Path, typer.Option(help="The CSV file to write.")],
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    columns: Annotated[int, typer.Option(min=2, help="Columns of text in the batch.")] = 50,
    steps: Annotated[int, typer.Option(min=2, help="Steps of the batch.")] = 70,
    seed: options.Seed = 0,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
) -> None:
    """Compute training-free scores. Run it again to go on after an interruption."""
    from nni_nlp_bench.bulk.cluster import cluster
    from nni_nlp_bench.bulk.score import score_all
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.cli.recipes import read_recipes
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.scores.base import SCORES
    from nni_nlp_bench.scores.task import Scoring
    from nni_nlp_bench.training.settings import Sizes
    from search_spaces.base import get_space

    names = tuple(dict.fromkeys(name.strip() for name in scores.split(",")))
    for name in names:
        SCORES.get(name)
    if not out.parent.is_dir():
        raise UserError(f"cannot write {out}: {out.parent} is not a folder")
    load_corpus(corpus)
    found = read_recipes(recipes, get_space("rnn_cell"))
    sizes = Sizes(embedding, hidden, layers)
    scoring = Scoring(names, _absolute(corpus), sizes, columns, steps, seed)
    with bar("scoring") as progress, cluster(scheduler, workers) as client:
        score_all(client, found, scoring, out, progress)
    typer.echo(f"{out}: {len(found)} recipes scored")


def _absolute(corpus: str) -> str:
    """A folder by its whole path, since workers may run elsewhere; a name as it is."""
    from nni_nlp_bench.data.corpora import CORPORA

    return corpus if corpus in CORPORA else str(Path(corpus).expanduser().resolve())
