"""`score`: compute zero-cost scores of a file of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import check_output_file
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_WIDTH

_CORPUS = ("corpus",)
_SENTENCES = ("data", "vectors", "width")
_OPTIONS = {
    "rnn_cell": ("embedding", "hidden", "layers", *_CORPUS),
    "encoder": ("as_published", *_CORPUS),
    "lts": _CORPUS,
    "textnas": _SENTENCES,
    "emd_cell": _SENTENCES,
}
"""Options that do not apply to all spaces, by space."""


def score(
    context: typer.Context,
    recipes: Annotated[
        Path, typer.Option(help="File with one recipe per line, as JSON text, name or id.")
    ],
    scores: Annotated[
        str, typer.Option(help="Comma-separated names of scores. See `list scores`.")
    ],
    out: Annotated[
        Path,
        typer.Option(parser=options.output_file, metavar="PATH", help="CSV file to write."),
    ],
    space: options.SpaceName = "rnn_cell",
    corpus: Annotated[
        str | None,
        typer.Option(
            help="Name of a corpus, or a folder with train.txt, valid.txt and test.txt (rnn_cell, "
            "encoder, lts).",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Labelled texts: a name, a file, or a folder with train, dev and test (textnas, "
            "emd_cell).",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    vectors: options.Vectors = None,
    width: Annotated[
        int,
        typer.Option(min=1, max=MAX_WIDTH, help="Width of all layers (textnas, emd_cell)."),
    ] = 64,
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    columns: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=MAX_COUNT,
            help="Columns of text in the batch, or texts (default: 50; encoder: 2; lts: 4; "
            "textnas, emd_cell: 32).",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=MAX_COUNT,
            help="Steps of the batch (default: 70; encoder: 512; lts: 128; textnas, emd_cell: 64).",
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
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.score import score_all
    from nni_nlp_bench.training.settings import Sizes
    from nni_nlp_bench.zero_cost.registry import scores_of
    from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SPACES
    from nni_nlp_bench.zero_cost.task import make_scoring
    from search_spaces.registry import get_space

    search_space = get_space(space)
    scores_of(space)
    _check_options(context, space)
    batch = {"columns": columns, "steps": steps}
    given: dict[str, Any] = {name: size for name, size in batch.items() if size is not None}
    given |= {"sizes": Sizes(embedding, hidden, layers)} if space == "rnn_cell" else {}
    given |= {"as_published": as_published} if space == "encoder" else {}
    if space in SENTENCE_SPACES:
        given |= {"vectors": _absolute(vectors), "options": {"width": width}}
    names = tuple(dict.fromkeys(name.strip() for name in scores.split(",")))
    texts = _absolute(corpus), _absolute(data)
    scoring = make_scoring(space, names, *texts, seed=seed, **given)
    check_output_file(out, recipes)
    _ = scoring.digest
    found = read_recipes(recipes, search_space)
    with bar("scoring") as progress, cluster(scheduler, workers) as client:
        score_all(client, found, scoring, out, progress)
    echo(f"{out}: {len(found)} recipes scored")


def _check_options(context: typer.Context, space: str) -> None:
    """Raise UserError if an option is given that does not apply to the space."""
    others = {name for names in _OPTIONS.values() for name in names} - {*_OPTIONS[space]}
    for name in sorted(others):
        given = context.get_parameter_source(name)
        if given is not None and given.name != "DEFAULT":
            option = "--" + name.replace("_", "-")
            raise UserError(f"{option} does not apply to space {space}: do not give it")


def _absolute(text: str | None) -> str | None:
    """Return a name unchanged, or the absolute path of files: workers run in other folders."""
    from nni_nlp_bench.data.corpora import CORPORA
    from nni_nlp_bench.data.sentences.sets import LABELLED_SETS
    from nni_nlp_bench.data.sentences.vectors import GLOVE_6B_50D

    names = {*CORPORA, *LABELLED_SETS, GLOVE_6B_50D}
    if text is None or text in names or not (path := Path(text).expanduser()).exists():
        return text
    return str(path.resolve())
