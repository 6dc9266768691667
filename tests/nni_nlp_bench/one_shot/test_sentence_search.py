"""One-shot search for a classifier of synthetic sentences: results and interruptions."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nni.nas.strategy import DARTS, ENAS, GumbelDARTS, Proxyless, RandomOneShot
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.one_shot.fit import CHECKPOINT, fit
from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, strategies_of
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.one_shot.sentences.settings import (
    EmdCellSettings,
    SentenceSettings,
    TextNasSettings,
)
from nni_nlp_bench.one_shot.sentences.task import Sentences, SentenceTask
from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.network import sentence_space
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.loading import read_architecture
from search_spaces.textnas.network import TextNas

pytestmark = pytest.mark.usefixtures("quiet")

_SMALL = {
    "epochs": 2,
    "width": 8,
    "batch_size": 10,
    "max_length": 8,
    "learning_rate": 2e-2,
    "rewards_per_epoch": 3,
    "rewards_per_update": 2,
    "candidates": 2,
}
SMALL = TextNasSettings(layers=3, window=2, **_SMALL)
SETTINGS: dict[str, SentenceSettings] = {
    "textnas": SMALL,
    "emd_cell": EmdCellSettings(cells=2, optimizer="adam", **_SMALL),
}
LABELS = ("low", "high", "none")
STRATEGIES = [
    *(
        ("textnas", name)
        for name in strategies_of("textnas")
        if ONE_SHOT_STRATEGIES.get(name).trains
    ),
    *(("emd_cell", name) for name in ("kd_emd", "darts", "enas")),
]
IN_QUICK_TESTS = [("textnas", name) for name in ("textnas_enas", "kd_emd")]
"""One that samples, one that mixes, and the one that learns from a teacher."""
each_strategy = pytest.mark.parametrize(
    ("space", "name"),
    [
        pytest.param(*each, marks=[] if each in IN_QUICK_TESTS else pytest.mark.slow)
        for each in STRATEGIES
    ],
)
MIXING = ("darts", "gumbel_darts", "proxyless")
"""Take a batch of dev with each batch of training."""
FILES = ("rewards.csv", "best.json")


def synthetic(count: int, seed: int) -> list[Sentence]:
    """A sentence has one word of its label, or none of either."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        words = [f"w{word}" for word in rng.integers(0, 9, rng.integers(2, 8))]
        if i % 3 < 2:
            words[int(rng.integers(min(len(words), 6)))] = LABELS[i % 3]
        found.append(Sentence(tuple(words), i % 3))
    return found


@pytest.fixture(scope="session")
def make(teacher_folder: Path) -> Callable[..., SentenceTask]:
    """Makes the task of a strategy in a space; kd_emd reads the tokens of a teacher."""
    teacher = load_teacher(str(teacher_folder))

    def task(
        space: str = "textnas",
        name: str = "",
        settings: SentenceSettings | None = None,
        test: Sequence[Sentence] = (),
        kind: type[SentenceTask] = SentenceTask,
    ) -> SentenceTask:
        parts = {
            "train": synthetic(50, 0),
            "dev": synthetic(40, 1),
            "test": test or synthetic(9, 2),
        }
        data = LabelledSet.of("synthetic", LABELS, parts)
        distilled = name == "kd_emd"
        words = teacher_words(data, teacher) if distilled else EmbeddedDataset.of(data, width=8)
        return kind(words, settings or SETTINGS[space], space, "emd" if distilled else None)

    return task


Make = Callable[..., SentenceTask]
Whole = Callable[[str, str], Path]


def files(folder: Path) -> list[str]:
    return [(folder / name).read_text("utf-8") for name in FILES]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, make: Make) -> Whole:
    """The folder of an uninterrupted search by a strategy in a space, which runs once."""

    @cache
    def folder(space: str, name: str) -> Path:
        folder = tmp_path_factory.mktemp(f"{space}_{name}")
        search_one_shot(make(space, name), name, 5, folder)
        return folder

    return folder


@each_strategy
def test_the_output_files_describe_the_search(space: str, name: str, whole: Whole) -> None:
    folder, known = whole(space, name), sentence_space(space)
    best = json.loads((folder / "best.json").read_text("utf-8"))
    found = read_architecture(known, str(folder / "best.json"))
    assert best["canonical_key"] == found.canonical_key
    assert all(known.parse(text) == found for text in known.release_formats(found).values())
    assert known.release_formats(found).items() <= best.items()
    assert (best["strategy"], best["seed"], best["data"]) == (name, 5, "synthetic")
    with (folder / "rewards.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    whole_dev = 4
    an_epoch = 5 if name in MIXING else whole_dev if name == "kd_emd" else SMALL.rewards_per_epoch
    assert [row["epoch"] for row in rows] == ["0"] * an_epoch + ["1"] * an_epoch
    for row in rows:
        right = float(row["reward"]) * SMALL.batch_size
        assert round(right) in range(SMALL.batch_size + 1)
        assert right == pytest.approx(round(right), abs=1e-5)
        assert known.parse(row["architecture"])
    sampled = {row["architecture"] for row in rows}
    assert len(sampled) > 1 or not ONE_SHOT_STRATEGIES.get(name).samples


@each_strategy
def test_something_is_learned(space: str, name: str, make: Make) -> None:
    epochs = 6 if name in MIXING else 14  # of one path each step instead of all
    settings = replace(SETTINGS[space], epochs=epochs)
    found = search_one_shot(make(space, name, settings), name, 1)
    assert found.validation.reward > 0.5  # a third is chance
    assert found.validation.metrics == {"dev_accuracy": found.validation.reward}


@pytest.mark.parametrize(
    ("space", "name"),
    [
        ("textnas", "textnas_enas"),
        ("textnas", "kd_emd"),
        pytest.param("textnas", "gumbel_darts", marks=pytest.mark.slow),
        pytest.param("emd_cell", "kd_emd", marks=pytest.mark.slow),
    ],
)
def test_the_same_seed_finds_the_same_and_leaves_the_generators(
    space: str, name: str, whole: Whole, make: Make, tmp_path: Path
) -> None:
    expected = files(whole(space, name))
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    search_one_shot(make(space, name), name, 5, tmp_path / "again")
    assert files(tmp_path / "again") == expected
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    search_one_shot(make(space, name), name, 6, tmp_path / "other")
    assert files(tmp_path / "other")[0] != expected[0]


class StoppedError(Exception):
    """The end of a search in the middle."""


class Stopping(SentenceTask):
    """Ends its search at a batch of one epoch."""

    error: type[BaseException] = StoppedError
    epoch, batch = 1, 2

    def train(self, seed: int, epoch: Any) -> Any:
        batches = super().train(seed, epoch)
        error, at, where = self.error, self.epoch, self.batch

        class Ending(type(batches)):  # type: ignore[misc]
            def __iter__(self) -> Iterator[Any]:
                for i, batch in enumerate(super().__iter__()):
                    if (self.epoch(), i) == (at, where):
                        raise error
                    yield batch

        return Ending(*(getattr(batches, name) for name in batches.__dataclass_fields__))


@each_strategy
def test_an_interrupted_search_resumes_bit_for_bit(
    space: str, name: str, whole: Whole, make: Make, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        search_one_shot(make(space, name, kind=Stopping), name, 5, tmp_path)
    assert (tmp_path / CHECKPOINT).exists()
    assert not (tmp_path / "best.json").exists()
    search_one_shot(make(space, name), name, 5, tmp_path)
    assert files(tmp_path) == files(whole(space, name))
    search_one_shot(make(space, name), name, 5, tmp_path)  # there is nothing left to do
    assert files(tmp_path) == files(whole(space, name))


def test_ctrl_c_ends_the_search_without_a_result(whole: Whole, make: Make, tmp_path: Path) -> None:
    stopping = make(kind=Stopping)
    object.__setattr__(stopping, "error", KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        search_one_shot(stopping, "textnas_enas", 5, tmp_path)
    assert not (tmp_path / "best.json").exists()
    search_one_shot(make(), "textnas_enas", 5, tmp_path)
    assert files(tmp_path) == files(whole("textnas", "textnas_enas"))


def test_a_damaged_checkpoint_is_named(make: Make, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        search_one_shot(make(kind=Stopping), "textnas_enas", 5, tmp_path)
    path = tmp_path / CHECKPOINT
    content = path.read_bytes()
    for damaged in (content[:-50], content[: len(content) // 2], b"", b"\0" * 100):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match="delete it to start over") as refused:
            search_one_shot(make(), "textnas_enas", 5, tmp_path)
        assert str(refused.value).startswith(f"{path} is damaged (")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("space", "name"),
    [
        pytest.param("textnas", "textnas_enas", marks=pytest.mark.slow),
        ("textnas", "darts"),
        pytest.param("emd_cell", "kd_emd", marks=pytest.mark.slow),
    ],
)
def test_the_test_part_is_never_read(
    space: str, name: str, whole: Whole, make: Make, tmp_path: Path
) -> None:
    poisoned = [Sentence((*s.words[::-1], "w0", "w1"), 0) for s in synthetic(30, 3)]
    search_one_shot(make(space, name, test=poisoned), name, 5, tmp_path)
    rewards, best = files(tmp_path)
    expected, known = files(whole(space, name))
    assert rewards == expected
    digests = [json.loads(text).pop("digest") for text in (best, known)]
    assert digests[0] != digests[1]
    assert best.replace(digests[0], digests[1]) == known


@pytest.mark.parametrize(
    "strategy",
    [
        ENAS(reward_metric_name="reward"),
        pytest.param(DARTS(), marks=pytest.mark.slow),
        pytest.param(GumbelDARTS(), marks=pytest.mark.slow),
        pytest.param(Proxyless(), marks=pytest.mark.slow),
        pytest.param(RandomOneShot(), marks=pytest.mark.slow),
    ],
)
def test_nnis_own_strategies_run_the_task(strategy: Any, make: Make) -> None:
    _, rewards = fit(make(), strategy, 0, None, progress=False)
    assert len({reward.loss for reward in rewards}) > 1
    found = next(strategy.list_models()).executable_model()
    assert isinstance(found, TextNas)
    assert len(found.arc.layers) == SMALL.layers


@each_strategy
def test_tensorboard_shows_rewards_and_entropy(space: str, name: str, whole: Whole) -> None:
    folder = whole(space, name)
    log = EventAccumulator(str(folder / "tensorboard"))
    log.Reload()
    shown = set(log.Tags()["scalars"])
    assert {"reward", "train_loss"} <= shown
    with (folder / "rewards.csv").open(newline="", encoding="utf-8") as file:
        rewards = [float(row["reward"]) for row in csv.DictReader(file)]
    if name != "random_one_shot":  # which learns nothing
        assert "entropy" in shown
        assert all(event.value > 0 for event in log.Scalars("entropy"))
    if name not in ("random_one_shot", "kd_emd"):  # whose rewards are logged as means
        assert [event.value for event in log.Scalars("reward")] == pytest.approx(rewards)


def test_a_small_part_is_gone_through_again_for_all_rewards() -> None:
    encoded = Encoded(tuple(np.array([2 + i]) for i in range(10)), np.zeros(10, dtype=np.int64))

    def words(count: int | None, epoch: int) -> list[list[int]]:
        batches = Sentences(encoded, "dev", 4, 0, lambda: epoch, count)
        found = [batch.words[:, 0].tolist() for batch in batches]
        assert len(found) == len(batches)
        return found

    assert sorted(len(batch) for batch in words(7, 0)[:3]) == [2, 4, 4]
    assert len(words(7, 0)) == 7
    whole, again = words(6, 0)[:3], words(6, 0)[3:]
    for passed in (whole, again):
        assert sorted(chain.from_iterable(passed)) == list(range(2, 12))
    assert whole != again
    assert words(None, 1) != words(None, 0)
    assert words(None, 1) == words(None, 1)
