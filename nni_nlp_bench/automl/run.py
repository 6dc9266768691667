"""AutoML for text classification: baselines, fine-tuning, search, and the final model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from math import ceil
from pathlib import Path

from nni_nlp_bench.automl.candidates import (
    DISTILLED,
    ENCODER,
    SPACE_OPTIONS,
    Candidate,
    baseline_candidates,
    encoder_candidate,
    found_candidate,
)
from nni_nlp_bench.automl.data import RunData
from nni_nlp_bench.automl.evaluation import Evaluation, evaluate
from nni_nlp_bench.automl.final import REFIT, finish
from nni_nlp_bench.automl.journal import RunJournal
from nni_nlp_bench.automl.result import AutoMLResult
from nni_nlp_bench.automl.scores import Score, ranked
from nni_nlp_bench.automl.search import search_space
from nni_nlp_bench.automl.settings import AutoMLSettings
from nni_nlp_bench.automl.training import CandidateTrainer
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.data.sentences.preparation import PreparedData
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.models.loading import load_classifier
from nni_nlp_bench.parallel.execution import Execution, InProcess, Step
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.training.classification.network import NetworkSpec, sentence_space
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.zero_cost.registry import scores_of

BASELINES_SHARE, ENCODER_SHARE, DISTILLED_SHARE = 0.12, 0.25, 0.08
"""Shares of the time; the search has what these and the final model leave."""
FINAL_SHARE = 0.35
"""Largest share of the time that is kept for training the final model."""
COPY_SHARE = 0.02
"""Share that is kept if the best model so far takes too long to be trained again."""
LEAST_S = 1.0
"""A stage with less time is left out."""

Job = Callable[[], None]
"""A training or a search, which can run at the same time as others."""


def run_automl(
    prepared: PreparedData,
    settings: AutoMLSettings,
    out: Path,
    progress: Step = lambda what, share: None,
    execution: Execution | None = None,
) -> AutoMLResult:
    """Train baselines and searched networks on labelled texts, and choose a model.

    Writes the folder `model`, leaderboard.csv and result.json. The same call resumes an
    interrupted run; with more time it goes on with the stages that were left out.

    Args:
        prepared: The texts.
        settings: Time, objective, spaces and sources of vectors.
        out: Output folder.
        progress: Called with what is done now, and the share of it that is done.
        execution: Where trainings run; None for this process.

    Raises:
        UserError: The folder is used by another process or run, or cannot be written.
    """
    identity = {"data": prepared.data.digest, **settings.identity()}
    with locked_output_dir(out, identity, "a run"):
        journal = RunJournal(out, settings.time_s)
        try:
            return _Run(prepared, settings, out, journal, progress, execution or InProcess()).run()
        finally:
            journal.close()


class _Run:
    def __init__(
        self,
        prepared: PreparedData,
        settings: AutoMLSettings,
        out: Path,
        journal: RunJournal,
        progress: Step,
        execution: Execution,
    ) -> None:
        self.prepared, self.settings, self.out, self.journal = prepared, settings, out, journal
        run_data = RunData.of(prepared)
        self.data, self.max_length = run_data.data, run_data.max_length
        self.execution = execution
        threads = settings.threads or execution.threads
        self.trainer = CandidateTrainer(
            out, journal, settings.seed, settings.device, threads, progress, execution
        )

    def run(self) -> AutoMLResult:
        """Run all stages, and write the results."""
        self._check()
        self.trainer.train_linear(self.data)
        self.execution.each([*self._baseline_jobs(), self._train_encoder])
        self._search()
        self._distil()
        scores = ranked([*self.journal.scores.values()], self.settings.objective)
        best = scores[0]
        words = self._words if best.kind == "search" else self._words_before_tuning
        test = finish(self.trainer, best, self._candidate(best), words)
        result = AutoMLResult(
            self.out,
            self.settings,
            self.prepared.report,
            {part: len(texts) for part, texts in self.data.parts().items()},
            tuple(scores),
            test,
            self._best_baseline(scores),
            self.journal.elapsed_s,
            dict(self.journal.failures),
        )
        result.save()
        return result

    def _check(self) -> None:
        """Raise UserError for what later stages would not find."""
        StrategyConfig.of(self.settings.strategy)
        for name in self.settings.spaces:
            sentence_space(name)
            if name not in SPACE_OPTIONS:
                raise UserError(f"automl searches {', '.join(SPACE_OPTIONS)}, not {name}")
            if self.settings.warm_start is not None:
                scores_of(name).get(self.settings.warm_start)
        _ = self._words_before_tuning

    def _best_baseline(self, scores: Sequence[Score]) -> tuple[str, Evaluation]:
        """Return the best baseline on dev, with its evaluation on test."""
        name = ranked([s for s in scores if s.kind == "baseline"], "accuracy")[0].name
        model = load_classifier(self.trainer.model_folder(name))
        return name, evaluate(model.predict_words, self.data.labels, self.data.test)

    def _train_encoder(self) -> None:
        if self.settings.encoder is not None and (seconds := self._seconds(ENCODER_SHARE)):
            candidate = self._encoder(self.settings.encoder)
            self.trainer.train(candidate, self._words_before_tuning, seconds)

    def _baseline_jobs(self) -> list[Job]:
        """Return the trainings of the baselines."""
        candidates = baseline_candidates(self.max_length, self.settings.seed)
        share = max(BASELINES_SHARE / len(candidates), LEAST_S / self.settings.time_s)

        def train(candidate: Candidate) -> None:
            if seconds := self._seconds(share):
                self.trainer.train(candidate, self._words_before_tuning, seconds)

        return [partial(train, candidate) for candidate in candidates]

    def _search(self) -> None:
        """Search the spaces, as many at the same time as there are workers."""
        spaces, workers = self.settings.spaces, self.execution.workers
        later = DISTILLED_SHARE if ENCODER in self.journal.scores else 0.0

        def search(number: int, space: str) -> None:
            free = self._seconds(1.0) - later * self.settings.time_s
            turns = ceil((len(spaces) - number) / workers)
            if (seconds := free / turns) >= LEAST_S:
                at_once = max(1, (workers + len(spaces) - 1 - number) // len(spaces))
                config = self.settings.strategy, self.settings.warm_start
                search_space(self.trainer, space, words, config, self.max_length, seconds, at_once)

        if spaces:
            words = self._words
            self.execution.each([partial(search, *each) for each in enumerate(spaces)])

    def _distil(self) -> None:
        """Train the best architecture that was found with the soft labels of the encoder too."""
        found = [s for s in self.journal.scores.values() if s.kind == "search"]
        plain = [score for score in found if not score.name.endswith(DISTILLED)]
        seconds = self._seconds(1.0)
        if ENCODER not in self.journal.scores or not plain or not seconds:
            return
        best = ranked(plain, "accuracy")[0]
        encoder = self.journal.plans[ENCODER].seconds_per_text * len(self.data.train)
        if encoder + best.seconds < seconds:
            candidate = self._found(best.name, distilled=True)
            self.trainer.train(candidate, self._words, seconds - encoder)

    def _found(self, name: str, distilled: bool) -> Candidate:
        """Return the candidate of an architecture that was found, from its saved model."""
        model = load_classifier(self.trainer.model_folder(name))
        found = NetworkSpec.from_dict(model.manifest.model["network"])
        strategy, seed = self.settings.strategy, self.settings.seed
        return found_candidate(
            found.space, found.architecture, strategy, self.max_length, seed, distilled
        )

    def _seconds(self, share: float) -> float:
        """Return the time of a stage, at most what the final model leaves; 0 to leave it out."""
        free = self.journal.left_s - self._reserve()
        seconds = min(free, share * self.settings.time_s)
        return seconds if seconds >= LEAST_S else 0.0

    def _reserve(self) -> float:
        """Return the seconds that training the best model so far again would take."""
        scores = [*self.journal.scores.values()]
        needed = REFIT * ranked(scores, self.settings.objective)[0].seconds
        total = self.settings.time_s
        return needed if needed <= FINAL_SHARE * total else COPY_SHARE * total

    def _encoder(self, name: str) -> Candidate:
        return encoder_candidate(name, self.max_length, self.settings.seed)

    def _candidate(self, score: Score) -> Candidate | None:
        """Return the candidate of a score; None for TF-IDF."""
        seed = self.settings.seed
        if score.kind == "encoder":
            assert self.settings.encoder is not None
            return self._encoder(self.settings.encoder)
        if score.kind == "search":
            return self._found(score.name, score.name.endswith(DISTILLED))
        candidates = baseline_candidates(self.max_length, seed)
        return next((each for each in candidates if each.name == score.name), None)

    @cached_property
    def _words(self) -> EmbeddedDataset:
        """Texts as networks read them: as tokens of the encoder, fine-tuned if it was."""
        if ENCODER not in self.journal.scores:
            return self._words_before_tuning
        tuned = load_teacher(str(self.trainer.model_folder(ENCODER).absolute()))
        return teacher_words(self.data, tuned)

    @cached_property
    def _words_before_tuning(self) -> EmbeddedDataset:
        if self.settings.encoder is None:
            return EmbeddedDataset.of(self.data, self.settings.vectors, seed=self.settings.seed)
        return teacher_words(self.data, load_teacher(self.settings.encoder))
