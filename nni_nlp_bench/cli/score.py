"""`score`: zero-cost scores of a file of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.core.errors import UserError

_CELLS, _ENCODERS = ("embedding", "hidden", "layers"), ("as_published",)


def score(
    context: typer.Context,
    recipes: Annotated[Path, typer.Option(help="JSON lines: one recipe a line.")],
    scores: Annotated[str, typer.Option(help="Names, with commas between: see `list`.")],
    corpus: options.Corpus,
    out: Annotated[Path, typer.Option(help="The CSV file to write.")],
    space: options.SpaceName = "rnn_cell",
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    columns: Annotated[
        int | None, typer.Option(min=2, help="Columns of text in the batch: 50; of encoder: 2.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=2, help="Steps of the batch: 70; of encoder: 512.")
    ] = None,
    seed: options.Seed = 0,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Encoders all of one width, as in the release.")
    ] = False,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
) -> None:
    """Compute zero-cost scores. Run it again to go on after an interruption."""
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.cli.recipes import read_recipes
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.score import score_all
    from nni_nlp_bench.training.settings import Sizes
    from nni_nlp_bench.zero_cost.task import Scoring, scoring_of
    from search_spaces.base import get_space

    home, kind = get_space(space), scoring_of(space)
    of_cells = kind is Scoring
    _refuse(context, _ENCODERS if of_cells else _CELLS, space)
    batch = {"columns": columns, "steps": steps}
    given: dict[str, Any] = {name: size for name, size in batch.items() if size is not None}
    given |= {"sizes": Sizes(embedding, hidden, layers)} if of_cells else {}
    given |= {} if of_cells else {"as_published": as_published}
    names = tuple(dict.fromkeys(name.strip() for name in scores.split(",")))
    scoring = kind(names, _absolute(corpus), seed=seed, **given)
    if not out.parent.is_dir():
        raise UserError(f"cannot write {out}: {out.parent} is not a folder")
    load_corpus(corpus)
    found = read_recipes(recipes, home)
    with bar("scoring") as progress, cluster(scheduler, workers) as client:
        score_all(client, found, scoring, out, progress)
    typer.echo(f"{out}: {len(found)} recipes scored")


def _refuse(context: typer.Context, names: tuple[str, ...], space: str) -> None:
    """Raise UserError for an option that is given although it is not of the space."""
    for name in names:
        given = context.get_parameter_source(name)
        if given is not None and given.name != "DEFAULT":
            option = "--" + name.replace("_", "-")
            raise UserError(f"space {space} has no use for {option}: leave it out")


def _absolute(corpus: str) -> str:
    """A folder by its whole path, since workers may run elsewhere; a name as it is."""
    from nni_nlp_bench.data.corpora import CORPORA

    return corpus if corpus in CORPORA else str(Path(corpus).expanduser().resolve())
