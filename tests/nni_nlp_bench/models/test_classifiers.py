"""Every kind of classifier is the same after it was saved, copied and loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree, move, rmtree

import numpy as np
import pytest
from trained_models import (
    BASELINES,
    CLASSIFIERS,
    MAX_LENGTH,
    TrainedClassifier,
    labelled_set,
    train_classifier,
)

import nni_nlp_bench as nb
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.loading import load_classifier, load_model
from nni_nlp_bench.models.network import NetworkClassifier

EVERY_KIND = pytest.mark.parametrize("kind", CLASSIFIERS)
Models = Callable[[str], TrainedClassifier]
Folders = Callable[[str], Path]


def texts_of(sentences: tuple[Sentence, ...]) -> list[str]:
    return [" ".join(sentence.words) for sentence in sentences]


def probabilities(model: TextClassifier, texts: list[str | tuple[str, str]]) -> np.ndarray:
    found = model.predict_probabilities(texts)
    assert found.shape == (len(texts), len(model.labels))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    return found


@EVERY_KIND
def test_a_copy_elsewhere_predicts_the_same(
    kind: str, classifier: Models, saved: Folders, tmp_path: Path
) -> None:
    data, curves = classifier(kind).data, classifier(kind).curves
    texts = texts_of(data.dev)
    before = load_classifier(copytree(saved(kind), tmp_path / "first"))
    wanted = before.predict_probabilities(texts)
    move(tmp_path / "first", tmp_path / "second")
    model = load_classifier(tmp_path / "second")
    np.testing.assert_allclose(probabilities(model, texts), wanted, atol=1e-6)
    assert model.labels == data.labels
    assert wanted.std(0).min() > 1e-4
    if curves is not None:
        losses = -np.log(wanted[range(len(texts)), [sentence.label for sentence in data.dev]])
        # The training's max pooling reads padding in all texts but the longest of a batch.
        same = pytest.approx(curves.dev_losses[-1], rel=1e-2 if kind == "textnas" else 1e-5)
        assert losses.mean() == same
        labels = [data.labels[sentence.label] for sentence in data.dev]
        hits = [p.label == label for p, label in zip(model.predict(texts), labels, strict=True)]
        one_text = 1 / len(texts) if kind == "textnas" else 0
        assert np.mean(hits) == pytest.approx(curves.dev_accuracies[-1], abs=one_text + 1e-9)


@EVERY_KIND
def test_a_prediction_is_the_most_probable_label(kind: str, saved: Folders) -> None:
    model = load_classifier(saved(kind))
    (found,) = model.predict(["label1 w2"])
    assert tuple(found.probabilities) == model.labels
    assert (
        found.probability == found.probabilities[found.label] == max(found.probabilities.values())
    )
    assert found.to_dict() == {
        "label": found.label,
        "probability": found.probability,
        "probabilities": dict(found.probabilities),
    }


@EVERY_KIND
def test_the_model_card_describes_it(kind: str, classifier: Models, saved: Folders) -> None:
    card = (saved(kind) / "README.md").read_text("utf-8")
    manifest = load_model(saved(kind)).manifest
    for text in (manifest.name, "moods", "dev accuracy", *classifier(kind).data.labels):
        assert text in card
    assert ("## Licences" in card) == (kind in ("student", "transformer"))
    assert manifest.data["texts"] == {"train": 40, "dev": 40, "test": 40}
    assert manifest.data["share of the largest label"] == 14 / 40
    assert manifest.versions.keys() >= {"python", "numpy"}


@EVERY_KIND
def test_neither_order_nor_batch_size_matters(
    kind: str, classifier: Models, saved: Folders
) -> None:
    model = load_classifier(saved(kind))
    texts: list[str | tuple[str, str]] = [*texts_of(classifier(kind).data.test), ("w1", "w2 w3")]
    wanted = probabilities(model, texts)
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = probabilities(model, [texts[i] for i in order])
    np.testing.assert_allclose(shuffled, wanted[order], atol=1e-5)
    for batch_size in (1, 7, 1000):
        found = model.predict_probabilities(texts, batch_size)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        assert (found.argmax(1) == wanted.argmax(1)).all()


@EVERY_KIND
def test_unusual_texts(kind: str, saved: Folders) -> None:
    model = load_classifier(saved(kind))
    unknown, long = "zebra \u00e9t\u00e9 \U0001f600", " ".join(["w1", "w2", "label1"] * 200)
    pair, swapped = ("label1 w1", "w2"), ("w2", "label1 w1")
    probabilities(model, [unknown, long, pair, swapped, "\ufeffw1", "w1\u0000w2", "-" * 3000])
    assert model.predict([]) == []
    assert model.predict_probabilities([]).shape == (0, 3)
    known = model.predict_known(["w1", " \t", ("w1", ""), "w2"])
    assert [found is None for found in known] == [False, True, True, False]


@EVERY_KIND
def test_words_beyond_the_maximal_length_are_not_read(kind: str, saved: Folders) -> None:
    if kind == "tfidf":
        pytest.skip("it reads whole texts")
    model = load_classifier(saved(kind))
    read = " ".join(["label1"] * MAX_LENGTH)
    short, long = probabilities(model, [read, f"{read} label2 w3"])
    np.testing.assert_allclose(short, long, atol=1e-6)


@EVERY_KIND
def test_texts_that_are_none(kind: str, saved: Folders) -> None:
    model = load_classifier(saved(kind))
    for text, fault in (
        (3, "text 1 must be a string, got '3'"),
        (None, "text 1 must be a string"),
        ("  ", "text 1 has no words"),
        (("w1", ""), "text 1 has no words"),
        (("w1", "w2", "w3"), "text 1 must be a string"),
        ("w1 \ud800", "text 1 contains half a surrogate pair"),
    ):
        with pytest.raises(UserError, match=fault) as error:
            model.predict(["w1", text])
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="put it into a list"):
        model.predict("w1")
    with pytest.raises(UserError, match="batch_size must be at least 1"):
        model.predict(["w1"], batch_size=0)


def test_a_student_needs_no_teacher(teacher_folder: Path, tmp_path: Path) -> None:
    """Neither the folder of the teacher, nor the data."""
    teacher = copytree(teacher_folder, tmp_path / "teacher")
    train_classifier("student", teacher, labelled_set()).save(tmp_path / "model")
    wanted = load_classifier(tmp_path / "model").predict_probabilities(["w1 label2"])
    rmtree(teacher)
    found = load_classifier(tmp_path / "model").predict_probabilities(["w1 label2"])
    np.testing.assert_array_equal(found, wanted)


def test_a_student_reads_as_many_tokens_as_its_teacher(
    teacher_folder: Path, tmp_path: Path
) -> None:
    """The teacher has 16 positions, of which two are special tokens."""
    from nni_nlp_bench.distillation.loading import load_teacher
    from nni_nlp_bench.distillation.tokens import Tokens
    from nni_nlp_bench.models.network import describe_network, write_network
    from nni_nlp_bench.models.word_pieces import WordPieces
    from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
    from nni_nlp_bench.training.classification.network import NetworkSpec

    tokens = Tokens.of(labelled_set(), load_teacher(str(teacher_folder)))
    spec = NetworkSpec("baseline", "bag_of_vectors", 16, 3, {})
    described = describe_network(spec, tokens, 1000)
    embedding = Embedding(np.zeros((len(tokens), 16), dtype=np.float32), 0.0)
    write_network(tmp_path, Classifier(embedding, spec()), tokens)
    pieces = WordPieces.load(tmp_path, "vocabulary.txt", described["unknown"])
    sentences = [("w1",) * 30, ("w1", "w2", "[sep]", "w3"), ("w1",), ("w1",) * 20 + ("[sep]", "w2")]
    found = pieces.numbers(sentences, described["max_length"])
    for one, other in zip(found, tokens.numbers(sentences, 1000), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(found[0]) == 16


@pytest.mark.parametrize("kind", ["bag_of_vectors", "tfidf", "transformer"])
@pytest.mark.parametrize("labels", [2, 3])
def test_pairs(kind: str, labels: int, teacher_folder: Path, tmp_path: Path) -> None:
    """Trained on pairs, whose words have a separator between them."""
    single = labelled_set(labels)
    parts = {
        part: [
            Sentence((*sentence.words[:1], "[sep]", *sentence.words), sentence.label)
            for sentence in getattr(single, part)
        ]
        for part in ("train", "dev", "test")
    }
    data = LabelledSet.of("pairs", single.labels, parts)
    trained = train_classifier(kind, teacher_folder, data)
    trained.save(tmp_path / "model")
    model = load_classifier(tmp_path / "model")
    pairs = [(s.words[0], " ".join(s.words[2:])) for s in data.dev]
    found = [p.label for p in model.predict(pairs)]
    assert model.predict_probabilities([list(pair) for pair in pairs]).shape == (40, labels)
    if trained.curves is not None:
        hits = [data.labels[s.label] == label for s, label in zip(data.dev, found, strict=True)]
        assert np.mean(hits) == pytest.approx(trained.curves.dev_accuracies[-1])


@pytest.mark.parametrize("kind", BASELINES)
def test_attributes(kind: str, saved: Folders) -> None:
    model = load_model(saved(kind))
    assert isinstance(model, NetworkClassifier)
    assert isinstance(model, nb.TextClassifier)
    assert not model.model.training
    assert model.max_length == MAX_LENGTH
    assert model.manifest.name == kind


def test_the_folder_of_a_training_has_the_model_below(saved: Folders, tmp_path: Path) -> None:
    copytree(saved("tfidf"), tmp_path / "model")
    assert load_model(tmp_path).labels == load_model(tmp_path / "model").labels
