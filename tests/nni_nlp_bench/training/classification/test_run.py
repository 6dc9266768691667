"""Training of a classifier: it learns, resumes bit for bit, and reads the test set last."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet, Sentence
from nni_nlp_bench.data.sentences.vocabulary import Vocabulary
from nni_nlp_bench.training.classification.batches import Batch
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, network_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.textnas import Arc, Layer

SETTINGS = ClassifierSettings(epochs=4, batch_size=16, learning_rate=1e-2, epsilon=1e-8, seed=3)
ARC = Arc((Layer(0, "conv3"), Layer(0, "gru", (0,)), Layer(0, "attention"), Layer(0, "max_pool3")))


def task(words: EmbeddedDataset, settings: ClassifierSettings = SETTINGS, **sizes: Any) -> Task:
    return network_task("textnas", ARC, words, settings, **{"width": 8, **sizes})


def timeless(curves: ClassifierCurves) -> dict[str, Any]:
    return {**asdict(curves), "wall_times": len(curves.wall_times)}


def test_a_network_learns_the_label(words: EmbeddedDataset) -> None:
    told: list[int] = []
    curves = train_classifier(
        task(words, replace(SETTINGS, epochs=12)), epoch_done=lambda c: told.append(c.epochs)
    )
    assert told == list(range(1, 13))
    assert curves.dev_accuracies[-1] > 0.9  # a guess is right once in three
    assert curves.train_losses[-1] < curves.train_losses[0] / 2
    assert len(curves.dev_losses) == len(curves.wall_times) == 12
    assert curves.test_accuracy is None
    network = task(words).network()
    assert curves.parameters == sum(weight.numel() for weight in network.parameters())


def test_the_seed_decides_and_torch_is_left_as_it_was(words: EmbeddedDataset) -> None:
    before = torch.random.get_rng_state()
    runs = [train_classifier(task(words, replace(SETTINGS, seed=seed))) for seed in (3, 3, 4)]
    assert timeless(runs[0]) == timeless(runs[1])
    assert timeless(runs[0]) != timeless(runs[2])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_epoch_takes_every_sentence_once_in_an_order_of_its_own(
    words: EmbeddedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate changes from step to step, and no gradient is longer than the clip."""
    settings = replace(SETTINGS, clip=1e-3)
    trainer = task(words, settings).trainer()
    loss, rows, rates = trainer.model.loss, list[int](), list[float]()

    def recorded(batch: Batch) -> torch.Tensor:
        rows.extend(batch.rows.tolist())
        rates.append(trainer.optimizer.param_groups[0]["lr"])
        return loss(batch)

    monkeypatch.setattr(trainer.model, "loss", recorded)
    orders = []
    for epoch in (0, 1, 0):
        rows.clear()
        rates.clear()
        trainer.train_epoch(epoch)
        orders.append(tuple(rows))
        steps = len(rates)
        assert steps > 1
        assert rates == [settings.rate_at(epoch + step / steps) for step in range(steps)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(len(words.data.train)))
    assert orders[0] == orders[2] != orders[1]
    gradients = [weight.grad for weight in trainer.model.parameters() if weight.grad is not None]
    assert torch.stack([g.norm() for g in gradients]).norm() == pytest.approx(1e-3, rel=1e-3)


class StoppedError(Exception):
    """The process ends here."""


@pytest.mark.parametrize(
    "stop",
    [pytest.param(0.4, marks=pytest.mark.slow), 1.0, pytest.param(2.7, marks=pytest.mark.slow)],
)
def test_an_interrupted_training_resumes_bit_for_bit(
    words: EmbeddedDataset, tmp_path: Path, stop: float
) -> None:
    whole = train_classifier(task(words), tmp_path / "whole")

    def stop_there(trained: float) -> None:
        if trained >= stop:
            raise StoppedError

    (tmp_path / "parts").mkdir()
    with pytest.raises(StoppedError):
        train_classifier(task(words), tmp_path / "parts", checkpoint_s=0, progress=stop_there)
    again = train_classifier(task(words), tmp_path / "parts")
    assert timeless(again) == timeless(whole)
    states = [
        torch.load(tmp_path / part / "checkpoint.pt", weights_only=True)["model"]
        for part in ("whole", "parts")
    ]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_folder_contains_the_training(words: EmbeddedDataset, tmp_path: Path) -> None:
    curves = train_classifier(task(words), tmp_path)
    assert json.loads((tmp_path / "curves.json").read_text("utf-8")) == asdict(curves)
    assert Vocabulary.load(tmp_path / "vocabulary.txt") == words.vocabulary
    assert {path.name for path in tmp_path.iterdir()} == {
        "checkpoint.pt", "curves.json", "vocabulary.txt",
    }  # fmt: skip


def test_another_training_in_the_folder_is_refused(words: EmbeddedDataset, tmp_path: Path) -> None:
    train_classifier(task(words), tmp_path)
    for other, names in (
        (task(words, width=12), "network"),
        (task(words, replace(SETTINGS, clip=1.0, epochs=9)), "epochs, clip"),
        (task(EmbeddedDataset.of(words.data, width=9)), "network, vectors"),
    ):
        with pytest.raises(UserError, match=f"with another {names}; choose another folder"):
            train_classifier(other, tmp_path)
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-300])
    with pytest.raises(UserError, match=r"checkpoint\.pt is damaged .*delete it to start over"):
        train_classifier(task(words), tmp_path)


def poisoned(data: LabelledSet) -> LabelledSet:
    """The same with other labels in the test part."""
    test = [Sentence(s.words, (s.label + 1) % 3) for s in data.test]
    parts = {"train": data.train, "dev": data.dev, "test": test}
    return LabelledSet.of(data.name, data.labels, parts)


def test_the_test_part_counts_once_and_only_when_dev_is_trained_on(words: EmbeddedDataset) -> None:
    other = EmbeddedDataset.of(poisoned(words.data), width=16)
    assert timeless(train_classifier(task(words))) == timeless(train_classifier(task(other)))
    final = replace(SETTINGS, train_on="train+dev", epochs=12)
    told: list[float | None] = []
    curves = train_classifier(task(words, final), epoch_done=lambda c: told.append(c.test_accuracy))
    wrong = train_classifier(task(other, final))
    assert told == [*[None] * 11, curves.test_accuracy]
    assert (curves.dev_losses, curves.dev_accuracies) == ([], [])
    assert curves.test_accuracy is not None
    assert curves.test_accuracy > 0.9
    assert wrong.test_accuracy is not None
    assert wrong.test_accuracy < 0.1


def test_nan_ends_a_training_with_a_status(words: EmbeddedDataset) -> None:
    curves = train_classifier(task(EmbeddedDataset(
        words.data, words.vocabulary, words.matrix * math.nan, "broken", 0
    )))  # fmt: skip
    assert curves.status == "loss is nan!"
    assert curves.epochs == 1


def test_the_rate_is_a_cosine_that_starts_again() -> None:
    settings = ClassifierSettings(epochs=100, learning_rate=1.0, last_learning_rate=0.2, cycle=10)
    rates = [settings.rate_at(epoch) for epoch in (0, 5, 9.999, 10, 20, 29.999, 30, 50)]
    expected = [1, 0.6, 0.2, 1, 0.6, 0.2, 1, 0.6]
    assert rates == pytest.approx(expected, abs=1e-4)
    whole = replace(settings, cycle=None)
    assert [whole.rate_at(e) for e in (0, 50, 100)] == pytest.approx([1, 0.6, 0.2])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "epochs must be at least 1"),
        ("cycle", 0, "cycle must be at least 1"),
        ("learning_rate", math.nan, "learning_rate must be above 0"),
        ("learning_rate", math.inf, "learning_rate must be above 0 and finite"),
        ("weight_decay", -5, "weight_decay must be 0 or above"),
        ("epochs", 10**9, "epochs must be at most 1,000,000"),
        ("embedding_dropout", 1.0, r"embedding_dropout must be in \[0, 1\)"),
        ("train_on", "test", r"train_on must be train or train\+dev"),
    ],
)
def test_impossible_settings_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SETTINGS, **{name: value})


def test_two_labels_have_an_f1(words: EmbeddedDataset) -> None:
    """The second label's, as scikit-learn has it."""
    from sklearn.metrics import accuracy_score, f1_score

    data = words.data
    parts = {p: [s._replace(label=int(s.label > 0)) for s in getattr(data, p)] for p in PARTS}
    two = replace(words, data=LabelledSet.of("two", ("no", "yes"), parts))
    settings = ClassifierSettings(epochs=1, batch_size=32)
    training = task(two, settings)
    trainer = training.trainer()
    trainer.train_epoch(0)
    dev = training.encoded("dev")
    with torch.inference_mode():
        batches = list(dev.in_order(7))
        trainer.model.eval()
        given = torch.cat([trainer.model(batch).argmax(1) for batch in batches])
    labels = torch.cat([batch.labels for batch in batches])
    found = trainer.model.evaluate(batches)
    assert found.accuracy == pytest.approx(accuracy_score(labels, given))
    assert found.f1 == pytest.approx(f1_score(labels, given))
    assert train_classifier(training).dev_f1s == [pytest.approx(found.f1)]
    assert train_classifier(task(words, settings)).dev_f1s == []


def test_accuracy_and_f1_by_hand() -> None:
    """Of eight sentences three hits, two misses, one false alarm: F1 = 6 / 9."""
    labels, given = [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 1, 0, 0]
    logits = torch.nn.functional.one_hot(torch.tensor(given), 2).double()
    model = Classifier(Embedding(np.zeros((2, 2), dtype=np.float32), 0.0), torch.nn.Identity())
    model.forward = lambda batch: logits[batch.rows]  # type: ignore[method-assign]
    words = torch.ones(8, 1, dtype=torch.int64)
    rows = torch.arange(8)
    batches = [Batch(words[i], torch.tensor(labels)[i], rows[i]) for i in (rows[:5], rows[5:])]
    found = model.evaluate(batches)
    assert (found.accuracy, found.f1) == (5 / 8, 6 / 9)
    right = math.log(1 + math.exp(-1))
    assert found.loss == pytest.approx((5 * right + 3 * (right + 1)) / 8)


def test_a_pause_changes_nothing(words: EmbeddedDataset, tmp_path: Path) -> None:
    """The schedule stays that of the settings, with and without a checkpoint."""
    whole = train_classifier(task(words))
    paused = train_classifier(task(words), tmp_path, until=1)
    assert paused.epochs == 1
    assert paused.dev_losses == whole.dev_losses[:1]
    assert timeless(train_classifier(task(words), tmp_path)) == timeless(whole)
    assert whole.kept_epoch == 4


def test_patience_keeps_the_weights_of_the_best_epoch(
    words: EmbeddedDataset, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, epochs=30, patience=2)
    found: list[float] = []

    def measure(model: Classifier) -> None:
        dev = task(words).encoded("dev")
        found.append(model.evaluate(dev.in_order(16)).accuracy)

    curves = train_classifier(task(words, settings), finished=measure)
    best = curves.dev_accuracies.index(max(curves.dev_accuracies))
    assert curves.kept_epoch == best + 1
    assert curves.epochs == min(30, curves.kept_epoch + 2)
    assert found == [curves.dev_accuracies[best]]
    paused = train_classifier(task(words, settings), tmp_path, until=curves.kept_epoch + 1)
    assert paused.epochs == curves.kept_epoch + 1
    resumed = train_classifier(task(words, settings), tmp_path, finished=measure)
    assert timeless(resumed) == timeless(curves)
    assert found[1] == found[0]


def test_patience_needs_the_dev_set() -> None:
    with pytest.raises(UserError, match="patience needs the dev set"):
        ClassifierSettings(patience=1, train_on="train+dev")


def test_a_training_that_is_stopped_is_evaluated(words: EmbeddedDataset, tmp_path: Path) -> None:
    steps: list[float] = []
    curves = train_classifier(
        task(words), tmp_path, progress=steps.append, stop=lambda: len(steps) > 20
    )
    per_epoch = -(-len(words.data.train) // SETTINGS.batch_size)
    assert curves.stopped
    assert len(steps) == 21
    assert curves.epochs == -(-21 // per_epoch) == len(curves.dev_accuracies)
    again = train_classifier(task(words), tmp_path)
    assert timeless(again) == timeless(curves)


def test_mixed_precision_is_near(words: EmbeddedDataset) -> None:
    mixed = train_classifier(task(words, replace(SETTINGS, epochs=1, precision="bfloat16")))
    single = train_classifier(task(words, replace(SETTINGS, epochs=1)))
    assert mixed.train_losses != single.train_losses
    assert mixed.train_losses[0] == pytest.approx(single.train_losses[0], rel=0.05)


def test_macro_f1_is_the_mean_over_labels(words: EmbeddedDataset) -> None:
    from sklearn.metrics import f1_score

    predicted: list[list[int]] = []

    def predict(model: Classifier) -> None:
        dev = task(words).encoded("dev")
        (batch,) = dev.in_order(len(dev))
        model.eval()
        predicted.append([batch.labels.tolist(), model(batch).argmax(1).tolist()])

    curves = train_classifier(task(words, replace(SETTINGS, epochs=2)), finished=predict)
    wanted = f1_score(*predicted[0], average="macro", zero_division=0)
    assert curves.dev_macro_f1s[-1] == pytest.approx(wanted)
