"""`search` with a strategy that trains the shared weights of all cells on a text."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.training.one_shot.search import Found
    from nni_nlp_bench.training.one_shot.settings import OneShot, OneShotSettings


def search_one_shot(
    strategy: OneShot,
    space: str,
    corpus_name: str | None,
    settings: OneShotSettings,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Search, and leave the found cell and the course of the rewards in `out`."""
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import print_json
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.strategies.quiet import load_nni
    from nni_nlp_bench.training.one_shot.settings import SPACE

    if space != SPACE:
        raise UserError(f"{strategy} searches the space {SPACE}: give --space {SPACE}")
    if corpus_name is None:
        raise UserError(f"{strategy} trains shared weights on a text: give --corpus")
    corpus = load_corpus(corpus_name)
    load_nni()
    from nni_nlp_bench.training.one_shot.files import best_of, settings_of
    from nni_nlp_bench.training.one_shot.search import search_one_shot as run_search

    with (
        claimed(out, settings_of(corpus, strategy, settings, seed), "a search"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", FutureWarning)  # Lightning's use of torch
        show = sys.stderr.isatty()
        found = run_search(corpus, strategy, settings, seed, out, progress=show)
    if as_json:
        print_json({**best_of(corpus, strategy, seed, found), "out": str(out)})
    else:
        _print(found, out)


def _print(found: Found, out: Path) -> None:
    typer.echo(f"cell    {found.cell.to_json()}")
    typer.echo(f"valid   perplexity {found.perplexity:.1f} with the shared weights")
    typer.echo(f"best    {out / 'best.json'}")
    typer.echo(f"plot    {out / 'rewards.png'}")
