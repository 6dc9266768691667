"""Encoders as classifiers of sentences: trained, distilled, and searched in one shot."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.distillation.distilled import distilled
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.one_shot.sentences.settings import EncoderSettings
from nni_nlp_bench.one_shot.sentences.task import SentenceTask
from nni_nlp_bench.training.classification.run import train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import network_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.encoder import EncoderArchitecture, EncoderLayer
from search_spaces.encoder.space import EncoderSpace

pytestmark = pytest.mark.usefixtures("quiet")

ENCODER = EncoderArchitecture(
    128, (EncoderLayer("LT", "DFT", 2, 512, 1), EncoderLayer("DSC", 5, 4, 512, 1))
)
SETTINGS = ClassifierSettings(epochs=2, batch_size=16, max_length=8, epsilon=1e-8)


def test_an_encoder_learns_the_label(synthetic_set: LabelledSet) -> None:
    words = EmbeddedDataset.of(synthetic_set, width=16)
    curves = train_classifier(network_task("encoder", ENCODER, words, SETTINGS))
    assert curves.dev_accuracies[-1] > 0.9  # a guess is right once in three
    network = EncoderSpace().classifier(ENCODER, vectors=16, classes=3)
    assert curves.parameters == sum(weight.numel() for weight in network.parameters())


def test_an_encoder_learns_from_a_teacher(synthetic_set: LabelledSet, teacher_folder: Path) -> None:
    words = teacher_words(synthetic_set, load_teacher(str(teacher_folder)))
    task = distilled(network_task("encoder", ENCODER, words, SETTINGS), "emd", None)
    curves = train_classifier(task)
    assert curves.status == "OK"
    assert curves.train_losses[-1] < curves.train_losses[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "strategy", ["random_one_shot", pytest.param("enas", marks=pytest.mark.slow)]
)
def test_a_search_finds_an_encoder(strategy: str, synthetic_set: LabelledSet) -> None:
    settings = EncoderSettings(
        epochs=1, batch_size=60, max_length=8, rewards_per_epoch=2, candidates=2
    )
    task = SentenceTask(EmbeddedDataset.of(synthetic_set, width=8), settings, "encoder")
    found = search_one_shot(task, strategy, 0)
    assert 0 <= found.validation.reward <= 1
    assert len(found.rewards) == 2
    for reward in found.rewards:
        assert EncoderSpace().parse(reward.architecture)
    (configuration,) = task.extra_outputs(found.architecture).values()
    assert EncoderSpace().parse(configuration) == found.architecture
