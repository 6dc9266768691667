"""Methods of the comparison of sentence classifiers: what is searched and trained, and how."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.classification.settings import ClassifierSettings

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.task import Task
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

Row = dict[str, Any]
TFIDF, ENCODER = "tfidf", "encoder"
NONE = "none"
BASELINE_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "bag_of_vectors": {},
    "cnn": {"width": 128},
    "bigru": {"width": 96},
}
ENCODER_EPOCHS = 3
RUNS = 1000
"""Difference of the seeds of two trainings of one search."""


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that searches and trainings share."""

    data: str
    teacher: str
    """Fine-tuned teacher of distillation, whose tokens all networks read."""
    encoder: str
    """Pretrained encoder of the method `encoder`."""
    budget_s: float
    """Processor seconds of a search."""
    search_width: int
    search_epochs: int
    """Epochs of each training of a multi-trial strategy."""
    width: int
    dropout: float
    drop_path: float
    training: ClassifierSettings
    """Settings of a training from scratch."""

    def space_options(self, space: str, width: int) -> dict[str, Any]:
        """Return the options of a network of a space."""
        options: dict[str, Any] = {"width": width, "dropout": self.dropout}
        return options | ({"drop_path": self.drop_path} if space == "emd_cell" else {})


@dataclass(frozen=True, slots=True)
class Method:
    """A baseline, or `SPACE:ARCHITECTURE`, `SPACE:STRATEGY` or `SPACE:kd_emd:KD_LOSS`."""

    name: str

    def __post_init__(self) -> None:
        from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, check_strategy
        from nni_nlp_bench.strategies.registry import STRATEGIES
        from search_spaces.registry import get_space

        if not self.space:
            if self.name not in (TFIDF, ENCODER, *BASELINE_OPTIONS):
                known = ", ".join((TFIDF, *BASELINE_OPTIONS, ENCODER))
                raise UserError(f"no baseline {self.name!r}: give {known} or SPACE:STRATEGY")
            return
        space = get_space(self.space)
        if self.strategy in ONE_SHOT_STRATEGIES:
            check_strategy(self.space, self.strategy)
        elif self.strategy not in STRATEGIES:
            space.parse(self.strategy)

    @property
    def space(self) -> str:
        """Name of the search space; empty for a baseline."""
        return self.name.partition(":")[0] if ":" in self.name else ""

    @property
    def strategy(self) -> str:
        """Name of the strategy, or of a published architecture."""
        return self.name.split(":")[1]

    @property
    def kd_loss(self) -> str:
        """Distillation loss of the search."""
        return (*self.name.split(":"), "emd")[2]

    @property
    def is_searched(self) -> bool:
        """Whether the architecture is the result of a search."""
        from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES
        from nni_nlp_bench.strategies.registry import STRATEGIES

        known = (*ONE_SHOT_STRATEGIES, *STRATEGIES)
        return bool(self.space) and self.strategy in known


def search(study: Study, method: str, seed: int) -> Row:
    """Search within the budget, and return the row of the search."""
    from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES

    use_one_thread()
    found = Method(method)
    one_shot = found.strategy in ONE_SHOT_STRATEGIES
    row = (_one_shot if one_shot else _multi_trial)(study, found, seed)
    return {"method": method, "seed": seed, **row}


def _one_shot(study: Study, method: Method, seed: int) -> Row:
    """Train a supernet for as many epochs as fit into the budget, by the time of two."""
    from nni_nlp_bench.core.nni_import import import_nni_quietly

    import_nni_quietly()
    from nni_nlp_bench.one_shot.search import search_one_shot
    from nni_nlp_bench.one_shot.sentences.settings import settings_kind
    from nni_nlp_bench.one_shot.sentences.task import SentenceTask

    words = load_words(study)
    sizes: dict[str, Any] = {
        "width": study.search_width,
        "batch_size": study.training.batch_size,
        "max_length": study.training.max_length,
        "dropout": study.dropout,
    }

    def task(epochs: int) -> SentenceTask:
        settings = settings_kind(method.space)(epochs=epochs, **sizes)
        kd_loss = method.kd_loss if method.strategy == "kd_emd" else None
        return SentenceTask(words, settings, method.space, kd_loss)

    task(2).prepare()  # The outputs of the teacher are computed once for all searches.
    start = time.process_time()
    search_one_shot(task(2), method.strategy, seed)
    epochs = max(2, int(study.budget_s / ((time.process_time() - start) / 2)))
    start = time.process_time()
    found = search_one_shot(task(epochs), method.strategy, seed)
    assert found.validation is not None
    return {
        "cpu_s": round(time.process_time() - start, 1),
        "epochs": epochs,
        "trainings": 0,
        "dev_accuracy": round(found.validation.reward, 4),
        "architecture": found.architecture.to_json(),
    }


def _multi_trial(study: Study, method: Method, seed: int) -> Row:
    """Train architectures until the budget is spent."""
    from nni_nlp_bench.benchmarks.training import TrainingBenchmark
    from nni_nlp_bench.evaluators.budget import Budget
    from nni_nlp_bench.evaluators.simulation import Settings
    from nni_nlp_bench.strategies.configs import StrategyConfig
    from nni_nlp_bench.strategies.search import Search, run_search
    from search_spaces.registry import get_space

    settings = replace(study.training, epochs=study.search_epochs, train_on="train", seed=seed)
    benchmark = TrainingBenchmark(
        load_words(study),
        get_space(method.space),
        settings,
        study.space_options(method.space, study.search_width),
        threads=1,
        clock=time.process_time,
    )
    limits = Settings(budget=Budget(hours=study.budget_s / 3600))
    start = time.process_time()
    found = run_search(benchmark, Search(StrategyConfig.of(method.strategy), seed, limits))
    best = found.best_trial
    if best is None:
        raise UserError(f"{method.name}, seed {seed}: every training failed")
    return {
        "cpu_s": round(time.process_time() - start, 1),
        "epochs": sum(trial.epochs_trained for trial in found.trials),
        "trainings": len(found.trials),
        "dev_accuracy": round(1 + best.score / 100, 4),
        "architecture": best.evaluated.to_json(),
    }


def train(study: Study, method: str, seed: int, run: int, kd_loss: str, architecture: str) -> Row:
    """Train on train and dev, evaluate on test, and return the row of the training.

    Args:
        study: What all trainings share.
        method: Name of the method.
        seed: Seed of the search.
        run: Number of the training of what the search found.
        kd_loss: Distillation loss, or `none`.
        architecture: JSON of the architecture; empty for a baseline.
    """
    use_one_thread()
    row = {"method": method, "seed": seed, "run": run, "kd_loss": kd_loss}
    start = time.process_time()
    if method == TFIDF:
        return {**row, **_train_linear(study), "cpu_s": round(time.process_time() - start, 1)}
    from nni_nlp_bench.training.classification.run import train_classifier

    curves: ClassifierCurves = train_classifier(
        _task(study, Method(method), seed + RUNS * run, kd_loss, architecture), threads=1
    )
    return {
        **row,
        "parameters": curves.parameters,
        "test_accuracy": curves.test_accuracy,
        "cpu_s": round(time.process_time() - start, 1),
        "status": curves.status,
    }


def _task(study: Study, method: Method, seed: int, kd_loss: str, architecture: str) -> Task:
    from nni_nlp_bench.distillation.distilled import distilled
    from nni_nlp_bench.distillation.fine_tuning import fine_tuning, fine_tuning_settings
    from nni_nlp_bench.training.classification.task import baseline_task, network_task
    from search_spaces.registry import get_space

    words, settings = load_words(study), replace(study.training, seed=seed)
    if method.name == ENCODER:
        tuned = fine_tuning_settings(
            epochs=ENCODER_EPOCHS, max_length=settings.max_length, seed=seed, train_on="train+dev"
        )
        return fine_tuning(study.encoder, words.data, tuned)
    if not method.space:
        options = {"dropout": study.dropout, **BASELINE_OPTIONS[method.name]}
        return baseline_task(method.name, words, settings, **options)
    space = get_space(method.space)
    options = study.space_options(space.name, study.width)
    task = network_task(space.name, space.parse(architecture), words, settings, **options)
    weight = 1.0 if kd_loss == "soft_labels" else None
    return distilled(task, kd_loss, weight)


def _train_linear(study: Study) -> Row:
    """Fit TF-IDF with the penalty that is best on dev, then on train and dev."""
    import numpy as np

    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.training.linear import STRENGTHS, LinearClassifier

    data = load_labelled_set(study.data)

    def accuracy(model: LinearClassifier, part: str) -> float:
        sentences = getattr(data, part)
        found = model.probabilities([s.words for s in sentences]).argmax(1)
        return float(np.mean(found == [s.label for s in sentences]))

    def texts(*parts: str) -> tuple[Any, Any]:
        sentences = [s for part in parts for s in getattr(data, part)]
        return [s.words for s in sentences], np.array([s.label for s in sentences])

    fitted = LinearClassifier.fit_path(*texts("train"), STRENGTHS)
    scored = [(accuracy(model, "dev"), s) for s, model in zip(STRENGTHS, fitted, strict=True)]
    model = LinearClassifier.fit(*texts("train", "dev"), max(scored)[1])
    return {
        "parameters": model.parameters,
        "test_accuracy": accuracy(model, "test"),
        "status": "OK",
    }


@cache
def load_words(study: Study) -> EmbeddedDataset:
    """Return the sentences as the tokens of the teacher."""
    from nni_nlp_bench.distillation.tokens import load_tokens

    return load_tokens(study.data, study.teacher)


def use_one_thread() -> None:
    """Compute with one thread: the cost of a search is its processor time."""
    import torch

    from nni_nlp_bench.training.memory import disable_malloc_trim

    torch.set_num_threads(1)
    disable_malloc_trim()
