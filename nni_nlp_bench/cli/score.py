"""`score`: compute zero-cost scores of a file of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import check_output_file
from nni_nlp_bench.core.limits import MAX_COUNT

_OPTIONS = {"rnn_cell": ("embedding", "hidden", "layers"), "encoder": ("as_published",)}
"""Options that apply to one space only."""


def score(
    context: typer.Context,
    recipes: Annotated[
        Path, typer.Option(help="File with one recipe per line, as JSON text, name or id.")
    ],
    scores: Annotated[
        str, typer.Option(help="Comma-separated names of scores. See `list scores`.")
    ],
    corpus: options.Corpus,
    out: Annotated[
        Path,
        typer.Option(parser=options.output_file, metavar="PATH", help="CSV file to write."),
    ],
    space: options.SpaceName = "rnn_cell",
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    columns: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=MAX_COUNT,
            help="Columns of text in the batch (default: 50; encoder: 2; lts: 4).",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=2, max=MAX_COUNT, help="Steps of the batch (default: 70; encoder: 512; lts: 128)."
        ),
    ] = None,
    seed: options.Seed = 0,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Encoders of equal width, as in the release.")
    ] = False,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
) -> None:
    """Compute zero-cost scores. Run it again to resume after an interruption."""
    from nni_nlp_bench.cli.recipes import read_recipes
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.score import score_all
    from nni_nlp_bench.training.settings import Sizes
    from nni_nlp_bench.zero_cost.task import scoring_of
    from search_spaces.base import get_space

    search_space, scoring_class = get_space(space), scoring_of(space)
    _check_options(context, space)
    batch = {"columns": columns, "steps": steps}
    given: dict[str, Any] = {name: size for name, size in batch.items() if size is not None}
    given |= {"sizes": Sizes(embedding, hidden, layers)} if space == "rnn_cell" else {}
    given |= {"as_published": as_published} if space == "encoder" else {}
    names = tuple(dict.fromkeys(name.strip() for name in scores.split(",")))
    scoring = scoring_class(names, _absolute(corpus), seed=seed, **given)
    check_output_file(out, recipes)
    load_corpus(corpus)
    found = read_recipes(recipes, search_space)
    with bar("scoring") as progress, cluster(scheduler, workers) as client:
        score_all(client, found, scoring, out, progress)
    echo(f"{out}: {len(found)} recipes scored")


def _check_options(context: typer.Context, space: str) -> None:
    """Raise UserError if an option is given that does not apply to the space."""
    others = [name for other, names in _OPTIONS.items() if other != space for name in names]
    for name in others:
        given = context.get_parameter_source(name)
        if given is not None and given.name != "DEFAULT":
            option = "--" + name.replace("_", "-")
            raise UserError(f"{option} does not apply to space {space}: do not give it")


def _absolute(corpus: str) -> str:
    """Return a name unchanged, or the absolute path of a folder, as workers have other folders."""
    from nni_nlp_bench.data.corpora import CORPORA

    return corpus if corpus in CORPORA else str(Path(corpus).expanduser().resolve())
