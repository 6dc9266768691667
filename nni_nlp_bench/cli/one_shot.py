"""`search` with a strategy that trains the shared weights of all networks of a space."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.cli import options
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.training.one_shot.search import Found
    from nni_nlp_bench.training.one_shot.task import OneShotTask


@dataclass(frozen=True, slots=True)
class Inputs:
    """What networks are trained on, as options name it."""

    corpus: str | None = None
    data: str | None = None
    vectors: str | None = None
    teacher: str | None = None
    lesson: str | None = None


def search_one_shot(
    space: str,
    strategy: str,
    sizes: dict[str, int],
    inputs: Inputs,
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
        task = _language_task(strategy, sizes, inputs)
    else:
        task = _sentence_task(space, strategy, sizes, inputs, seed)
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
        _print(task, found, out)


def _language_task(strategy: str, sizes: dict[str, int], inputs: Inputs) -> OneShotTask:
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.strategies.quiet import load_nni
    from nni_nlp_bench.training.one_shot.language.settings import LanguageSettings

    for name in ("data", "vectors", "teacher", "lesson"):
        if getattr(inputs, name) is not None:
            raise UserError(f"cells of enas_cell are trained on a text: leave --{name} out")
    if inputs.corpus is None:
        raise UserError(f"{strategy} trains shared weights on a text: give --corpus")
    settings = LanguageSettings(**_known(LanguageSettings, sizes))
    text = load_corpus(inputs.corpus)
    load_nni()  # only now: it takes seconds
    from nni_nlp_bench.training.one_shot.language.task import LanguageTask

    return LanguageTask(text, settings)


def _sentence_task(
    space: str, strategy: str, sizes: dict[str, int], inputs: Inputs, seed: int
) -> OneShotTask:
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.cli.sentences import load_sentences
    from nni_nlp_bench.strategies.quiet import load_nni
    from nni_nlp_bench.training.one_shot.sentences.settings import settings_kind
    from nni_nlp_bench.training.one_shot.settings import check_epochs

    if inputs.corpus is not None:
        raise UserError(
            f"networks of {space} are trained on labelled sentences: leave --corpus out"
        )
    if inputs.data is None:
        raise UserError(f"{strategy} trains shared weights on labelled sentences: give --data")
    taught = strategy == "kd_emd"
    if inputs.lesson is not None and not taught:
        raise UserError(f"{strategy} has no teacher to learn from: leave --lesson out")
    kind = settings_kind(space)
    settings = kind(**_known(kind, sizes))
    check_epochs(strategy, settings.epochs)
    teacher = inputs.teacher or (options.TEACHER if taught else None)
    words = load_sentences(inputs.data, inputs.vectors, teacher, seed)
    load_nni()  # only now: it takes seconds
    from nni_nlp_bench.training.one_shot.sentences.task import SentenceTask

    lesson = (inputs.lesson or options.LESSON) if taught else None
    task = SentenceTask(words, settings, space, lesson)
    with bar("teacher") as progress:
        task.prepare(progress)
    return task


def _known(settings: type, sizes: dict[str, int]) -> dict[str, Any]:
    """The sizes by name. Raises UserError for one that the settings lack."""
    from dataclasses import fields

    names = {field.name for field in fields(settings)}
    for name in sizes:
        if name not in names:
            raise UserError(f"the space has no size --{name.replace('_', '-')}: leave it out")
    return sizes


def _print(task: OneShotTask, found: Found, out: Path) -> None:
    from nni_nlp_bench.cli.output import facts_table, print_tables

    figures = {
        name.replace("_", " "): f"{value:.4g}" for name, value in found.measured.figures.items()
    }
    inputs = task.facts()
    facts = {"found": found.architecture.canonical_key}
    if "lesson" in inputs:
        learned = inputs["fine_tuned_on"] or "nothing: `nni-nlp-bench teacher` makes one that is"
        facts |= {"lesson": inputs["lesson"], "teacher fine-tuned on": learned}
    facts |= {
        **{f"{name} with the shared weights": value for name, value in figures.items()},
        "best": str(out / "best.json"),
        "picture": str(out / "best.png"),
        "rewards": str(out / "rewards.png"),
        "logs": f"tensorboard --logdir {out / 'tensorboard'}",
    }
    print_tables(facts_table(facts))
