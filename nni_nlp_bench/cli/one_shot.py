"""`search` with a strategy that trains the shared weights of all networks of a space."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.training.one_shot.search import Found
    from nni_nlp_bench.training.one_shot.task import OneShotTask


def search_one_shot(
    space: str,
    strategy: str,
    sizes: dict[str, int],
    corpus: str | None,
    data: str | None,
    vectors: str | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Search, and leave the found architecture and the course of the rewards in `out`."""
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import print_json
    from nni_nlp_bench.training.memory import keep_freed_memory
    from nni_nlp_bench.training.one_shot.settings import check_strategy
    from search_spaces.base import get_space

    get_space(space)  # an unknown one is answered with those that exist
    check_strategy(space, strategy)
    if space == "enas_cell":
        task = _language_task(strategy, sizes, corpus, data, vectors)
    else:
        task = _sentence_task(strategy, sizes, corpus, data, vectors, seed)
    from nni_nlp_bench.training.one_shot.files import best_of, settings_of
    from nni_nlp_bench.training.one_shot.search import search_one_shot as run_search

    keep_freed_memory()
    with (
        claimed(out, settings_of(task, strategy, seed), "a search"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", FutureWarning)  # Lightning's use of torch
        show = sys.stderr.isatty()
        found = run_search(task, strategy, seed, out, progress=show)
    if as_json:
        print_json({**best_of(task, strategy, seed, found), "out": str(out)})
    else:
        _print(found, out)


def _language_task(
    strategy: str,
    sizes: dict[str, int],
    corpus: str | None,
    data: str | None,
    vectors: str | None,
) -> OneShotTask:
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.strategies.quiet import load_nni
    from nni_nlp_bench.training.one_shot.language.settings import LanguageSettings

    for option, given in (("--data", data), ("--vectors", vectors)):
        if given is not None:
            raise UserError(f"cells of enas_cell are trained on a text: leave {option} out")
    if corpus is None:
        raise UserError(f"{strategy} trains shared weights on a text: give --corpus")
    settings = LanguageSettings(**_known(LanguageSettings, sizes))
    text = load_corpus(corpus)
    load_nni()  # only now: it takes seconds
    from nni_nlp_bench.training.one_shot.language.task import LanguageTask

    return LanguageTask(text, settings)


def _sentence_task(
    strategy: str,
    sizes: dict[str, int],
    corpus: str | None,
    data: str | None,
    vectors: str | None,
    seed: int,
) -> OneShotTask:
    from nni_nlp_bench.cli.sentences import load_words
    from nni_nlp_bench.strategies.quiet import load_nni
    from nni_nlp_bench.training.one_shot.sentences.settings import SentenceSettings

    if corpus is not None:
        raise UserError("networks of textnas are trained on labelled sentences: leave --corpus out")
    if data is None:
        raise UserError(f"{strategy} trains shared weights on labelled sentences: give --data")
    settings = SentenceSettings(**_known(SentenceSettings, sizes))
    words = load_words(data, vectors, seed)
    load_nni()  # only now: it takes seconds
    from nni_nlp_bench.training.one_shot.sentences.task import SentenceTask

    return SentenceTask(words, settings)


def _known(settings: type, sizes: dict[str, int]) -> dict[str, int]:
    """The sizes by name. Raises UserError for one that the settings lack."""
    from dataclasses import fields

    names = {field.name for field in fields(settings)}
    for name in sizes:
        if name not in names:
            raise UserError(f"the space has no size --{name.replace('_', '-')}: leave it out")
    return sizes


def _print(found: Found, out: Path) -> None:
    from nni_nlp_bench.cli.output import facts_table, print_tables

    figures = {
        name.replace("_", " "): f"{value:.4g}" for name, value in found.measured.figures.items()
    }
    facts = {
        "found": found.architecture.canonical_key,
        **{f"{name} with the shared weights": value for name, value in figures.items()},
        "best": str(out / "best.json"),
        "picture": str(out / "best.png"),
        "rewards": str(out / "rewards.png"),
        "logs": f"tensorboard --logdir {out / 'tensorboard'}",
    }
    print_tables(facts_table(facts))
