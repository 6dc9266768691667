"""Creation of one-shot tasks from names and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.one_shot.registry import (
    ONE_SHOT_STRATEGIES,
    check_epochs,
    check_strategy,
)
from nni_nlp_bench.one_shot.task import OneShotTask
from search_spaces.registry import get_space

TEACHER, KD_LOSS = "minilm-l6", "emd"
"""The defaults of strategies that distill."""


@dataclass(frozen=True, slots=True)
class OneShotInputs:
    """Inputs of a one-shot search, by name or folder."""

    data: str
    """Corpus for enas_cell, labelled sentences for other spaces."""
    vectors: str | None = None
    """Word vectors; None for random ones."""
    teacher: str | None = None
    """Teacher whose tokens are used; None for words, or the default of strategies that distill."""
    kd_loss: str | None = None
    """Distillation loss; None for the default of strategies that distill."""


def make_task(
    space: str,
    strategy: str,
    inputs: OneShotInputs,
    settings: Mapping[str, Any],
    seed: int,
    progress: Progress = no_progress,
) -> OneShotTask:
    """Return the task of a one-shot search.

    Args:
        space: Name of the search space.
        strategy: Name of the one-shot strategy.
        inputs: Data, word vectors and teacher.
        settings: Fields of the space's settings, such as `epochs` and `width`.
        seed: Seed of random word vectors.
        progress: Called with the bytes read of a file of vectors.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    get_space(space)
    check_strategy(space, strategy)
    if "epochs" in settings and not ONE_SHOT_STRATEGIES.get(strategy).trains:
        raise UserError(f"{strategy} trains nothing: leave out the epochs")
    if space == "enas_cell":
        return _language_task(strategy, inputs, settings)
    return _sentence_task(space, strategy, inputs, settings, seed, progress)


def _language_task(
    strategy: str, inputs: OneShotInputs, settings: Mapping[str, Any]
) -> OneShotTask:
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.one_shot.language.settings import LanguageSettings

    for name in ("vectors", "teacher", "kd_loss"):
        if getattr(inputs, name) is not None:
            raise UserError(f"cells of enas_cell are trained on a corpus, without {_words(name)}")
    chosen = LanguageSettings(**_known(LanguageSettings, settings))
    check_epochs(strategy, chosen.epochs)
    corpus = load_corpus(inputs.data)
    import_nni_quietly()  # only now: it takes seconds
    from nni_nlp_bench.one_shot.language.task import LanguageTask

    return LanguageTask(corpus, chosen)


def _sentence_task(
    space: str,
    strategy: str,
    inputs: OneShotInputs,
    settings: Mapping[str, Any],
    seed: int,
    progress: Progress,
) -> OneShotTask:
    from nni_nlp_bench.distillation.inputs import load_sentences
    from nni_nlp_bench.one_shot.sentences.settings import settings_kind

    distills = ONE_SHOT_STRATEGIES.get(strategy).distills
    if inputs.kd_loss is not None and not distills:
        raise UserError(f"{strategy} does not distill: give no distillation loss")
    kind = settings_kind(space)
    chosen = kind(**_known(kind, settings))
    check_epochs(strategy, chosen.epochs)
    teacher = inputs.teacher or (TEACHER if distills else None)
    words = load_sentences(inputs.data, inputs.vectors, teacher, seed, progress)
    import_nni_quietly()  # only now: it takes seconds
    from nni_nlp_bench.one_shot.sentences.task import SentenceTask

    kd_loss = (inputs.kd_loss or KD_LOSS) if distills else None
    return SentenceTask(words, chosen, space, kd_loss)


def _known(kind: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings. Raises UserError for one that the space does not have."""
    names = {field.name for field in fields(kind)}
    for name in settings:
        if name not in names:
            raise UserError(f"the space has no setting {_words(name)!r}: leave it out")
    return dict(settings)


def _words(name: str) -> str:
    return name.replace("_", " ")
