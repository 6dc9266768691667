"""Architecture search on the texts of an AutoML run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from nni_nlp_bench.automl.candidates import Candidate, found_candidate
from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.automl.training import CandidateTrainer
from nni_nlp_bench.benchmarks.training import TrainingBenchmark
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.parallel.trainings import explorer
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space
from search_spaces.textnas.space import TextNasSpace

TRAININGS = 9
"""Full trainings that the time of a search is enough for; shorter ones come on top."""
LEAST_EPOCHS, MAX_EPOCHS = 3, 9
"""Epochs of a full training in a search."""
TEXTNAS_LAYERS = 6
"""The published 24 layers take too long on small data."""
FINAL_SHARE = 0.35
"""Share of the time of a space that its best architecture is trained in."""


def space_of(name: str) -> SearchSpace[Any]:
    """Return a search space in the size for small data. Raises UserError."""
    return TextNasSpace(layers=TEXTNAS_LAYERS) if name == "textnas" else get_space(name)


def search_space(
    trainer: CandidateTrainer,
    name: str,
    words: EmbeddedDataset,
    method: tuple[str, str | None],
    max_length: int,
    seconds: float,
    workers: int = 1,
) -> Score | None:
    """Search a space, and train the best architecture.

    Args:
        trainer: Trains and logs.
        name: Name of the space.
        words: All texts.
        method: Name of the strategy, with options if wanted, and the zero-cost score of the warm
            start or None.
        max_length: Words or tokens of a text that are read.
        seconds: Time of the search and of the final training.
        workers: Number of architectures that are trained at the same time; an interrupted search
            goes on with the number that it started with.

    Returns:
        The score of the best architecture; None if every training failed.

    Raises:
        UserError: The strategy is unknown or cannot run, or a file cannot be written.
    """
    if name in trainer.journal.scores or name in trainer.journal.failures:
        return trainer.journal.scores.get(name)

    def candidate(architecture: Any) -> Candidate:
        return found_candidate(name, architecture, method[0], max_length, trainer.seed)

    share = (1 - FINAL_SHARE) * seconds
    found = _find(trainer, name, words, method, candidate, share, workers)
    if found is None:
        trainer.journal.record_failure(name, "every training failed")
        return None
    return trainer.train(candidate(found), words, FINAL_SHARE * seconds)


def _find(
    trainer: CandidateTrainer,
    name: str,
    words: EmbeddedDataset,
    method: tuple[str, str | None],
    candidate: Callable[[Any], Candidate],
    seconds: float,
    workers: int,
) -> Any:
    """Return the best architecture of a search, or of its log; None if every training failed."""
    space, seed, notes = space_of(name), trainer.seed, trainer.journal.notes
    budget, at_once = f"{name}: seconds of search", f"{name}: trainings at a time"
    if budget not in notes:
        if workers > 1:
            trainer.journal.record_note(at_once, workers)
        trainer.journal.record_note(budget, seconds)
    seconds, workers = notes[budget], notes.get(at_once, 1)
    example = candidate(space.sample(np.random.default_rng(seed)))
    plan = trainer.plan(f"{name}: search", example, words, seconds / TRAININGS, LEAST_EPOCHS)
    benchmark = TrainingBenchmark(
        plan.words(words, seed),
        space,
        plan.search_settings(example.settings, MAX_EPOCHS),
        example.options,
        device=trainer.device,
        threads=plan.threads,
        checkpoints=trainer.checkpoints(name),
    )
    best = 0.0

    def show(trial: Trial) -> None:
        nonlocal best
        if not trial.failed:
            best = max(best, 100 + trial.score)
        done = min(1.0, trial.end_s / seconds)
        trainer.progress(f"{name}: architecture {trial.index + 1}, best {best:.1f} %", done)

    trainer.progress(f"{name}: architecture 1", 0.0)
    settings = Settings(budget=Budget(hours=seconds / 3600), workers=workers)
    strategy, warm_start = method
    search = Search(StrategyConfig.of(strategy), seed, settings, warm_start=warm_start)
    journal = trainer.folder / f"search-{name}.jsonl"
    result = run_search(
        benchmark,
        search,
        journal_path=journal,
        on_trial=show,
        explore=explorer(trainer.execution, benchmark),
    )
    if benchmark.checkpoints is not None:
        shutil.rmtree(benchmark.checkpoints, ignore_errors=True)
    return result.best_architecture
