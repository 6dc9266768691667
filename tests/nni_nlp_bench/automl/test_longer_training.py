"""A training that was planned on a busy machine is repeated with what fits into its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_nlp_bench.automl.candidates import MAX_EPOCHS, baseline_candidates
from nni_nlp_bench.automl.journal import RunJournal
from nni_nlp_bench.automl.training import CANDIDATES, CandidateTrainer
from nni_nlp_bench.data.sentences.preparation import prepare_labelled
from nni_nlp_bench.models.loading import load_classifier
from nni_nlp_bench.training.classification.plan import TrainingPlan
from nni_nlp_bench.training.classification.words import EmbeddedDataset

NAME, LONGER = "bag_of_vectors", "bag_of_vectors: longer"
SLOW = TrainingPlan(1, 0.2, 1, "float32", seconds_per_text=1.0)
"""A plan that would use all of the time for a fifth of the texts."""


class InterruptedTrainingError(Exception):
    """Ends a training in its middle."""


@pytest.fixture
def words(reviews: Path) -> EmbeddedDataset:
    return EmbeddedDataset.of(prepare_labelled(str(reviews), label="stars").data, width=16)


def trainer(folder: Path, interrupt_after: float = 2.0) -> CandidateTrainer:
    """Interrupted once a training of several epochs has got that far."""

    def progress(what: str, share: float) -> None:
        if share > interrupt_after:
            raise InterruptedTrainingError

    return CandidateTrainer(folder, RunJournal(folder, 60.0), 0, "cpu", 1, progress)


def candidate() -> object:
    return next(each for each in baseline_candidates(16, seed=0) if each.name == NAME)


def test_the_better_training_is_kept(words: EmbeddedDataset, tmp_path: Path) -> None:
    own = trainer(tmp_path)
    own.journal.record_plan(NAME, SLOW)
    score = own.train(candidate(), words, 60.0)
    own.journal.close()
    assert score is not None
    assert score.share == 1.0
    assert own.journal.plans[NAME].epochs == MAX_EPOCHS
    assert own.journal.plans[NAME] == own.journal.plans[LONGER]
    assert [path.name for path in (tmp_path / CANDIDATES).iterdir()] == [NAME]
    model = load_classifier(own.model_folder(NAME))
    dev = words.data.dev
    predicted = model.predict_words([s.words for s in dev]).argmax(1)
    assert sum(predicted == [s.label for s in dev]) == round(score.accuracy * len(dev))


def test_an_interrupted_one_is_resumed_by_the_logged_plan(
    words: EmbeddedDataset, tmp_path: Path
) -> None:
    first = trainer(tmp_path)
    first.journal.record_plan(NAME, SLOW)
    whole = first.train(candidate(), words, 60.0)
    first.journal.close()
    (other := tmp_path / "other").mkdir()
    stopped = trainer(other, interrupt_after=1.5 / 12)
    stopped.journal.record_plan(NAME, SLOW)
    with pytest.raises(InterruptedTrainingError):
        stopped.train(candidate(), words, 60.0)
    stopped.journal.close()
    assert NAME not in stopped.journal.scores
    resumed = trainer(other)
    score = resumed.train(candidate(), words, 60.0)
    resumed.journal.close()
    assert score is not None
    assert whole is not None
    assert (score.accuracy, score.epochs) == (whole.accuracy, whole.epochs)
