"""kd_emd: frozen parameters, gradients, and the selected epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.one_shot.fit import fit
from nni_nlp_bench.one_shot.kd_emd import KdEmd, KdEmdModule
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.one_shot.sentences.settings import (
    EmdCellSettings,
    SentenceSettings,
    TextNasSettings,
    WideSettings,
)
from nni_nlp_bench.one_shot.sentences.task import SentenceTask
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.seeding import seeded
from search_spaces.emd_cell.space import EmdCellSpace
from search_spaces.registry import SPACES

pytestmark = pytest.mark.usefixtures("quiet")

_SMALL: dict[str, Any] = {
    "epochs": 3,
    "width": 4,
    "batch_size": 12,
    "max_length": 6,
    "rewards_per_epoch": 2,
}
SETTINGS: dict[str, SentenceSettings] = {
    "emd_cell": EmdCellSettings(cells=2, **_SMALL),
    "textnas": TextNasSettings(layers=3, window=2, **_SMALL),
}


def sentences() -> LabelledSet:
    rng = np.random.default_rng(0)

    def part(count: int) -> list[Sentence]:
        rows = rng.integers(12, size=(count, 4))
        return [Sentence(tuple(f"w{i}" for i in row), int(row[0] % 2)) for row in rows]

    return LabelledSet.of(
        "synthetic", ("0", "1"), {"train": part(36), "dev": part(24), "test": part(3)}
    )


@pytest.fixture
def words(teacher_folder: Path) -> EmbeddedDataset:
    """Tokens of a small teacher."""
    return teacher_words(sentences(), load_teacher(str(teacher_folder)))


Snapshot = dict[str, dict[str, Tensor]]


each_space = pytest.mark.parametrize(
    "space", ["textnas", pytest.param("emd_cell", marks=pytest.mark.slow)]
)


class Watched(KdEmd):
    """Keeps what every epoch leaves behind."""

    def configure_oneshot_module(self, training_module: Any) -> KdEmdModule:
        options = (self.arc_learning_rate, self.weight_decay, self.optimizer)
        self.module = WatchedModule(training_module, *options)
        return self.module


class WatchedModule(KdEmdModule):
    """As `Watched` says."""

    def on_fit_start(self) -> None:
        super().on_fit_start()
        self.seen = [self._snapshot()]
        self.rewards: list[float] = []
        self.samples: list[dict[str, Any]] = []

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        self.rewards.append(self.trainer.callback_metrics["reward"].item())
        self.samples.append(
            {k: v for m in self.supernet_modules() for k, v in m.export({}).items()}
        )

    def on_train_epoch_end(self) -> None:
        super().on_train_epoch_end()
        self.seen.append(self._snapshot())

    def _snapshot(self) -> Snapshot:
        chosen = set(self.arch_parameters())
        kept: Snapshot = {"choices": {}, "weights": {}, "buffers": {}}
        for name, value in self.named_parameters():
            kept["choices" if value in chosen else "weights"][name] = value.detach().clone()
        for name, value in self.named_buffers():
            kept["buffers"][name] = value.clone()
        return kept


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def run(words: EmbeddedDataset, space: str, kd_loss: str = "emd", **options: Any) -> Watched:
    strategy = Watched(learning_rate=1.0, optimizer="sgd")
    settings = replace(SETTINGS[space], **options)
    with seeded(1):
        fit(SentenceTask(words, settings, space, kd_loss), strategy, 1, None, progress=False)
    return strategy


@each_space
@pytest.mark.parametrize("kd_loss", ["emd", "emd_hidden"])
def test_an_epoch_moves_weights_or_choices_never_both(
    space: str, kd_loss: str, words: EmbeddedDataset
) -> None:
    start, weights, choices, again = run(words, space, kd_loss).module.seen
    for before, after, moved in (
        (start, weights, "weights"),
        (weights, choices, "choices"),
        (choices, again, "weights"),
    ):
        still = ({"weights", "choices"} - {moved}).pop()
        assert same(before[still], after[still])
        assert not same(before[moved], after[moved])
    layers = [name for name in start["buffers"] if "transport" in name]
    assert layers
    for name, value in start["buffers"].items():
        if name in layers:  # they learn with the choices
            assert torch.equal(value, weights["buffers"][name])
            assert not torch.equal(value, choices["buffers"][name])
        else:  # no running statistics: networks share them
            assert torch.equal(value, again["buffers"][name])


def test_choices_learn_from_the_teacher_alone(words: EmbeddedDataset) -> None:
    """Other labels in the epoch of choices change nothing in it."""
    labels = {
        part: [s._replace(label=1 - s.label) for s in getattr(words.data, part)]
        for part in ("train", "dev", "test")
    }
    other = replace(words, data=LabelledSet.of("other", words.data.labels, labels))
    ways = {
        kd_loss: [
            run(w, "emd_cell", kd_loss, epochs=2, learning_rate=1e-30, last_learning_rate=1e-30)
            for w in (words, other)
        ]
        for kd_loss in ("emd", "none")
    }
    for kd_loss, (one, two) in ways.items():
        ends = [strategy.module.seen[-1]["choices"] for strategy in (one, two)]
        assert same(*ends) == (kd_loss == "emd")


@pytest.mark.slow
@each_space
def test_every_kd_loss_leads_elsewhere(space: str, words: EmbeddedDataset) -> None:
    kd_losses = [name for name in LOSSES if "logits" not in LOSSES.get(name).needs]
    assert {"emd", "emd_hidden", "skip_mapping"} <= set(kd_losses)
    ends = {}
    for kd_loss in (*kd_losses, "none"):
        seen = run(words, space, kd_loss, epochs=2).module.seen
        ends[kd_loss] = torch.cat(
            [v.flatten() for k, v in seen[-1]["choices"].items() if ".distillation loss." not in k]
        )
        assert ends[kd_loss].isfinite().all()
    values = list(ends.values())
    assert not any(torch.equal(a, b) for i, a in enumerate(values) for b in values[:i])


def test_the_choices_of_the_best_epoch_are_kept_the_first_apart(words: EmbeddedDataset) -> None:
    module = run(words, "emd_cell", epochs=6, learning_rate=0.05).module
    assert len(module.rewards) == 6
    best = 1 + int(np.argmax(module.rewards[1:]))
    assert module.best_reward == module.rewards[best]
    assert module.export() == module.samples[best]


def test_one_epoch_is_too_few(words: EmbeddedDataset) -> None:
    with pytest.raises(UserError, match="kd_emd needs 2 epochs"):
        run(words, "emd_cell", epochs=1)


def test_a_search_without_a_kd_loss_says_so(words: EmbeddedDataset) -> None:
    task = SentenceTask(words, SETTINGS["emd_cell"], "emd_cell")
    with pytest.raises(UserError, match="kd_emd has no distillation loss"):
        search_one_shot(task, "kd_emd", 0)


def test_words_are_no_teachers_tokens(words: EmbeddedDataset) -> None:
    plain = EmbeddedDataset.of(words.data, width=4)
    with pytest.raises(UserError, match="give --teacher"):
        search_one_shot(SentenceTask(plain, SETTINGS["emd_cell"], "emd_cell", "emd"), "kd_emd", 0)


def test_logits_are_those_of_a_teacher_that_classifies(words: EmbeddedDataset) -> None:
    with pytest.raises(UserError, match="does not classify: fine-tune it"):
        run(words, "emd_cell", "soft_labels")


@pytest.mark.slow
def test_a_space_of_another_package_is_searched_by_name(
    words: EmbeddedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has the doors of a space whose networks classify sentences."""

    class OtherSpace(EmdCellSpace):
        name = "other"

    monkeypatch.setattr(SPACES, "_loaders", {**SPACES._load(), "other": lambda: OtherSpace})
    settings = WideSettings(**{**_SMALL, "epochs": 2})
    for strategy, kd_loss in (("kd_emd", "emd"), ("darts", None)):
        found = search_one_shot(SentenceTask(words, settings, "other", kd_loss), strategy, 0)
        assert OtherSpace().parse(found.architecture.to_json()) == found.architecture
    with pytest.raises(UserError, match="textnas_enas does not search the space other"):
        search_one_shot(SentenceTask(words, settings, "other"), "textnas_enas", 0)
