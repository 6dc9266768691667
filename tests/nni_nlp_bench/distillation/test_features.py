"""Cached teacher outputs: equal to the teacher's, for any batch, written atomically."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation import features as module
from nni_nlp_bench.distillation.features import TeacherFeatures, cached_features
from nni_nlp_bench.distillation.fine_tuning import fine_tune, fine_tuning, fine_tuning_settings
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.losses.relations import relations_of
from nni_nlp_bench.distillation.teacher import TeacherModel
from nni_nlp_bench.distillation.tokens import Tokens, teacher_words
from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.words import EmbeddedDataset


@pytest.fixture
def teacher(teacher_folder: Path) -> TeacherModel:
    return load_teacher(str(teacher_folder))


def encoded(words: EmbeddedDataset, limit: int = 8) -> Encoded:
    return Encoded.of(words.data.train, words.vocabulary, limit)


def sentences(words: EmbeddedDataset, data: Encoded) -> list[Any]:
    assert isinstance(words.vocabulary, Tokens)
    return [words.vocabulary.to_teacher_ids(row) for row in data.words]


@pytest.fixture
def words(teacher: TeacherModel, synthetic_set: Any) -> EmbeddedDataset:
    return teacher_words(synthetic_set, teacher)


def test_a_batch_has_what_the_teacher_makes_of_it(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    data = encoded(words)
    features = cached_features(teacher, sentences(words, data), ("hidden", "relations"), tmp_path)
    assert isinstance(words.vocabulary, Tokens)
    for batch in data.shuffled(7, np.random.default_rng(0)):
        found = features.outputs(batch)
        ids = torch.from_numpy(words.vocabulary.to_teacher_ids(batch.words.clamp_min(1).numpy()))
        with torch.no_grad():
            hidden, _ = teacher.outputs(ids, batch.mask)
        kept = batch.mask[None, :, :, None]
        torch.testing.assert_close(found.require("hidden"), hidden * kept, rtol=2e-3, atol=2e-3)
        expected = relations_of(hidden, batch.mask)
        torch.testing.assert_close(found.require("relations"), expected, rtol=2e-3, atol=2e-3)
        padding = ~(batch.mask[:, :, None] & batch.mask[:, None])
        assert not found.require("relations")[:, padding].any()
        assert found.logits is None


def test_the_teacher_runs_once(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sentences(words, encoded(words))
    progress: list[tuple[int, int]] = []
    cached_features(
        teacher, data, ["hidden"], tmp_path, lambda done, of: progress.append((done, of))
    )
    assert progress[-1] == (len(data), len(data))
    monkeypatch.setattr(TeacherModel, "outputs", None)  # calling it would fail
    cached_features(teacher, data, ["hidden"], tmp_path)
    with pytest.raises(TypeError):
        cached_features(teacher, data[1:], ["hidden"], tmp_path)


def test_another_teacher_has_its_own_features(
    words: EmbeddedDataset, teacher: TeacherModel, teacher_folder: Path, tmp_path: Path
) -> None:
    data = sentences(words, encoded(words))
    other = load_teacher(str(teacher_folder))
    with torch.no_grad():
        other.model.encoder.layer[0].output.dense.weight[:] += 0.1
    one, two = (cached_features(t, data, ["hidden"], tmp_path) for t in (teacher, other))
    assert one.files["hidden"] != two.files["hidden"]


def test_the_same_tokens_in_other_sentences_have_features_of_their_own(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    first, second = sentences(words, encoded(words))[:2]
    whole = np.concatenate([first, second])
    parts = ([first, second], [second, first], [whole[:3], whole[3:]])
    files = {cached_features(teacher, part, ["hidden"], tmp_path).files["hidden"] for part in parts}
    assert len(files) == 3


def test_logits_need_a_teacher_that_classifies(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    data = sentences(words, encoded(words))
    with pytest.raises(UserError, match="does not classify: fine-tune it with"):
        cached_features(teacher, data, ["logits"], tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:-2], lambda content: content + b"00", lambda c: b"\xff" * len(c)],
    ids=["cut", "longer", "garbage"],
)
def test_a_damaged_file_is_named(
    damage: Callable[[bytes], bytes], words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    data = sentences(words, encoded(words))
    file = cached_features(teacher, data, ["hidden"], tmp_path).files["hidden"]
    content = file.read_bytes()
    file.write_bytes(damage(content))
    with pytest.raises(UserError, match="is damaged: delete it to compute it again") as error:
        cached_features(teacher, data, ["hidden"], tmp_path)
    assert str(file) in str(error.value)
    file.unlink()
    cached_features(teacher, data, ["hidden"], tmp_path)
    assert file.read_bytes() == content


def test_a_full_disk_leaves_nothing_behind(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    data = sentences(words, encoded(words))
    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(UserError, match="No space left on device"):
        cached_features(teacher, data, ["hidden"], tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["lock"]


def test_numbers_that_are_not_finite_are_refused(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    with torch.no_grad():
        teacher.model.encoder.layer[2].output.LayerNorm.weight[0] = 1e9
    with pytest.raises(UserError, match="not finite"):
        cached_features(teacher, sentences(words, encoded(words)), ["hidden"], tmp_path)


def test_a_file_without_a_checksum_is_computed_again(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    data = sentences(words, encoded(words))
    file = cached_features(teacher, data, ["hidden"], tmp_path).files["hidden"]
    content = file.read_bytes()
    file.write_bytes(b"\xff" * len(content))
    file.with_suffix(".sha256").unlink()
    cached_features(teacher, data, ["hidden"], tmp_path)
    assert file.read_bytes() == content


def test_two_at_once_compute_once(
    words: EmbeddedDataset, teacher: TeacherModel, tmp_path: Path
) -> None:
    data, runs = sentences(words, encoded(words)), []
    found: list[TeacherFeatures] = []

    def compute() -> None:
        got = cached_features(teacher, data, ["hidden"], tmp_path, lambda *_: runs.append(1))
        found.append(got)

    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(runs) == -(-len(data) // module.BATCH_SIZE)


def test_logits_of_a_fine_tuned_teacher(
    teacher_folder: Path, synthetic_set: Any, tmp_path: Path
) -> None:
    settings = fine_tuning_settings(epochs=1, max_length=8)
    fine_tune(fine_tuning(str(teacher_folder), synthetic_set, settings), tmp_path / "tuned")
    tuned = load_teacher(str(tmp_path / "tuned"))
    words = teacher_words(synthetic_set, tuned)
    data = encoded(words)
    features = cached_features(tuned, sentences(words, data), ["logits"], tmp_path / "cache")
    batch = next(data.in_order(5))
    assert isinstance(words.vocabulary, Tokens)
    ids = torch.from_numpy(words.vocabulary.to_teacher_ids(batch.words.clamp_min(1).numpy()))
    with torch.no_grad():
        _, logits = tuned.outputs(ids, batch.mask)
    assert logits is not None
    torch.testing.assert_close(
        features.outputs(batch).require("logits"), logits, rtol=2e-3, atol=2e-3
    )


def test_sentences_of_one_word_and_long_ones(teacher: TeacherModel, tmp_path: Path) -> None:
    tokens = teacher.ids([("w1",), tuple(f"w{i % 9}" for i in range(40))], 99)
    assert [len(row) for row in tokens] == [3, teacher.max_length]
    features = cached_features(teacher, [np.array(row) for row in tokens], ["relations"], tmp_path)
    assert features.shapes["relations"].tolist() == [[3, 3, 3], [3, 16, 16]]
