"""TE-NAS from supernet to architecture, at tiny sizes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.one_shot.inputs import OneShotInputs, make_task
from nni_nlp_bench.one_shot.language.settings import LanguageSettings
from nni_nlp_bench.one_shot.language.task import LanguageTask
from nni_nlp_bench.one_shot.result import PruningResult
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.one_shot.sentences.settings import EmdCellSettings, TextNasSettings
from nni_nlp_bench.one_shot.sentences.task import SentenceTask
from nni_nlp_bench.one_shot.strategies import TeNasStrategy
from nni_nlp_bench.one_shot.te_nas import Criteria, TeNas, TeNasSettings, reinitialize
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.seeding import seeded
from search_spaces.registry import get_space

pytestmark = pytest.mark.usefixtures("quiet")

TINY = TeNasSettings(repeats=1, samples=4, region_batches=2, region_samples=40)
EACH_SPACE = ["textnas", "enas_cell", pytest.param("emd_cell", marks=pytest.mark.slow)]


@pytest.fixture
def task(request: pytest.FixtureRequest, synthetic_set: LabelledSet) -> Any:
    """The task of a space at a tiny size."""
    if request.param == "enas_cell":
        lines = [[f"w{(i + k) % 6}" for k in range(8)] for i in range(12)]
        corpus = Corpus.of("cycle", {"train": lines * 3, "valid": lines, "test": lines})
        return LanguageTask(corpus, LanguageSettings(nodes=3, width=6, batch_size=5, bptt=4))
    words = EmbeddedDataset.of(synthetic_set, width=8)
    sizes: dict[str, Any] = {"width": 4, "batch_size": 8, "max_length": 6}
    if request.param == "textnas":
        return SentenceTask(words, TextNasSettings(layers=2, **sizes), "textnas")
    return SentenceTask(words, EmdCellSettings(cells=1, **sizes), "emd_cell")


def select(task: Any, seed: int = 0) -> PruningResult:
    with seeded(9):  # what was drawn before makes no difference
        torch.rand(seed + 3)
        return TeNas(TINY).select(task, seed)


@pytest.mark.parametrize("task", EACH_SPACE, indirect=True)
def test_one_path_is_left(task: Any) -> None:
    found = select(task)
    space = get_space(task.space)
    assert space.parse(found.architecture.to_json()) == found.architecture
    first = [each for each in found.measured if each.round == 0]
    assert len({each.drops for each in first}) > 1
    gone = [each.candidate for each in found.measured if each.pruned]
    assert len(set(gone)) == len(gone)


@pytest.mark.parametrize("task", ["textnas", "enas_cell"], indirect=True)
def test_the_same_seed_leaves_the_same_path(task: Any) -> None:
    assert select(task) == select(task)


@pytest.mark.parametrize("task", ["enas_cell"], indirect=True)
def test_another_seed_measures_other_drops(task: Any) -> None:
    drops = [[each.drops for each in select(task, seed).measured] for seed in (0, 1)]
    assert drops[0] != drops[1]


@pytest.mark.parametrize("task", ["enas_cell"], indirect=True)
def test_pruning_leaves_what_the_architecture_says(task: Any) -> None:
    found = select(task)
    gone = {each.candidate for each in found.measured if each.pruned}
    left = {(e.candidate.label, e.candidate.value) for e in found.measured} - gone
    choices = task.model_space(0).choices
    sample = choices.to_sample(found.architecture)
    assert left == {(label, sample[label]) for label, _ in left}
    assert {label for label, _ in left} == set(sample)


@pytest.mark.parametrize("task", ["textnas", "enas_cell"], indirect=True)
def test_reinitialization_is_kaimings(task: Any) -> None:
    with seeded(0):
        criteria = Criteria(task, task.prunable(), TINY, 0)
        weights = dict(criteria._weights.named_parameters())
        reinitialize(criteria._weights, "fan_out")
        scaled = []
        for name, weight in weights.items():
            if weight.dim() > 1:
                fan = weight.shape[0] * weight[0, 0].numel()
                scaled.append((weight * (fan / 2) ** 0.5).flatten())
            elif "bias" in name:
                assert not weight.any()
    assert torch.cat(scaled).std().item() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("task", ["enas_cell"], indirect=True)
def test_the_search_writes_its_files(
    task: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TeNasStrategy, "make", lambda settings: TeNas(TINY))
    result = search_one_shot(task, "te_nas", 0, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.json", "best.png", "pruning.csv", "settings.json",
    ]  # fmt: skip
    best = json.loads((tmp_path / "best.json").read_text("utf-8"))
    assert best["architecture"] == json.loads(result.architecture.to_json())
    assert (best["strategy"], best["seed"]) == ("te_nas", 0)
    assert "perplexity" not in best
    with (tmp_path / "pruning.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(result.measured)
    assert {row["pruned"] for row in rows} == {"True", "False"}
    assert result.validation is None


def test_epochs_are_refused() -> None:
    with pytest.raises(UserError, match="te_nas trains nothing: leave out the epochs"):
        make_task("textnas", "te_nas", OneShotInputs("docstrings"), {"epochs": 2}, 0)
    with pytest.raises(UserError, match="te_nas does not search the space encoder"):
        make_task("encoder", "te_nas", OneShotInputs("docstrings"), {}, 0)
