"""One-shot search: NNI's strategies find cells on a synthetic text; the comparison."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nni.nas.evaluator.pytorch import Trainer
from nni.nas.strategy import DARTS, ENAS

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.one_shot.files import write_files
from nni_nlp_bench.one_shot.fit import fit
from nni_nlp_bench.one_shot.language.compare import compare_with_lstm
from nni_nlp_bench.one_shot.language.model import OneShotLanguageModel, perplexity_of
from nni_nlp_bench.one_shot.language.module import LanguageModule
from nni_nlp_bench.one_shot.language.settings import LanguageSettings
from nni_nlp_bench.one_shot.language.task import LanguageTask
from nni_nlp_bench.one_shot.language.windows import RandomWindows, TrainWindows, rows_of
from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, strategies_of
from nni_nlp_bench.one_shot.result import OneShotResult, Reward, ValidationResult
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes
from search_spaces.enas_cell import Cell, Node
from search_spaces.enas_cell.network import EnasCell
from search_spaces.rnn_cell import Recipe

pytestmark = pytest.mark.usefixtures("quiet")

SMALL = LanguageSettings(
    epochs=2,
    nodes=3,
    width=8,
    batch_size=4,
    bptt=6,
    learning_rate=1e-2,
    valid_windows=6,
    rewards_per_update=3,
    candidates=3,
)
TRAINER = Trainer(logger=False, enable_checkpointing=False)
CHAIN = Cell((Node(0, "tanh"), Node(1, "sigmoid"), Node(2, "tanh")))
FORK = Cell((Node(0, "tanh"), Node(1, "sigmoid"), Node(1, "tanh")))


def text(repeats: int = 12) -> Corpus:
    """Words in one fixed cycle: a text that is learned in seconds."""
    words = [f"w{i}" for i in range(6)]
    lines = [[words[(i + k) % 6] for k in range(8)] for i in range(repeats)]
    return Corpus.of("cycle", {"train": lines * 3, "valid": lines, "test": lines})


def task(settings: LanguageSettings = SMALL) -> LanguageTask:
    return LanguageTask(text(), settings)


def parts_of(settings: LanguageSettings) -> dict[str, Any]:
    """The loaders of a search."""
    work = task(settings)
    train, valid = work.train(0, lambda: 0), work.valid(0, lambda: 0)
    return {"train_dataloaders": train, "val_dataloaders": valid}


def run(strategy: Any, settings: LanguageSettings = SMALL) -> list[Reward]:
    """Let a strategy search; the rewards."""
    return fit(task(settings), strategy, 0, None, progress=False)[1]


each_strategy = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("enas", "darts") else pytest.mark.slow)
        for name in strategies_of("enas_cell")
        if ONE_SHOT_STRATEGIES.get(name).trains
    ],
)
"""One that samples and one that mixes in the quick tests."""


Searched = Callable[[str], tuple[Cell, Path]]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """The cell that a strategy finds with the seed 5, and the folder of the search."""

    @cache
    def found(name: str) -> tuple[Cell, Path]:
        folder = tmp_path_factory.mktemp(name) / "new" / "folder"
        return search_one_shot(task(), name, 5, folder).architecture, folder

    return found


@each_strategy
def test_the_same_seed_finds_the_same_cell(name: str, searched: Searched, tmp_path: Path) -> None:
    cell, folder = searched(name)
    rewards = (folder / "rewards.csv").read_text("utf-8")
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    assert search_one_shot(task(), name, 5, tmp_path / "again").architecture == cell
    assert (tmp_path / "again" / "rewards.csv").read_text("utf-8") == rewards
    search_one_shot(task(), name, 6, tmp_path / "other")
    assert (tmp_path / "other" / "rewards.csv").read_text("utf-8") != rewards
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]


@each_strategy
def test_the_output_files_describe_the_search(name: str, searched: Searched) -> None:
    cell, folder = searched(name)
    assert sorted(path.name for path in folder.iterdir()) == [
        "best.json", "best.png", "checkpoint.ckpt", "rewards.csv", "rewards.png", "settings.json",
        "tensorboard",
    ]  # fmt: skip
    best = json.loads((folder / "best.json").read_text("utf-8"))
    assert Cell.from_json(json.dumps(best["architecture"])) == cell
    assert len(cell.nodes) == SMALL.nodes
    assert best["perplexity"] < 7  # of seven words: something was learned
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    assert (settings["strategy"], settings["seed"], settings["nodes"]) == (name, 5, 3)
    with (folder / "rewards.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    mixes = name in ("darts", "gumbel_darts")
    a_epoch = len(parts_of(SMALL)["train_dataloaders"]) if mixes else SMALL.valid_windows
    assert [row["epoch"] for row in rows] == ["0"] * a_epoch + ["1"] * a_epoch
    for row in rows:
        assert float(row["reward"]) == pytest.approx(80 / math.exp(float(row["loss"])))
        assert len(Cell.from_json(row["architecture"]).nodes) == SMALL.nodes


@pytest.mark.parametrize("cell", [CHAIN, FORK])
def test_the_recipe_is_written_where_there_is_one(cell: Cell, tmp_path: Path) -> None:
    rewards = (Reward(0, math.log(40), 2.0, cell.to_json()),)
    found = OneShotResult(cell, ValidationResult(2.0, {"perplexity": 40.0}), rewards)
    write_files(tmp_path, task(), "enas", 0, found)
    best = json.loads((tmp_path / "best.json").read_text("utf-8"))
    if cell is CHAIN:
        assert Recipe.from_json(best["recipe"]).hidden_states == 1
    else:
        assert best["recipe"] is None
        assert "the mean of 2 ends" in best["why_no_recipe"]


@pytest.mark.parametrize("kind", [ENAS, pytest.param(DARTS, marks=pytest.mark.slow)])
def test_nnis_own_strategies_run_the_language_model(kind: Any) -> None:
    options = {"reward_metric_name": "reward"} if kind is ENAS else {}
    strategy = kind(**options)
    rewards = run(strategy)
    assert len({reward.loss for reward in rewards}) > 1
    found = next(strategy.list_models()).executable_model()
    assert isinstance(found.cell, EnasCell)
    assert len(found.cell.cell.nodes) == SMALL.nodes


def test_every_reward_updates_the_policy_once() -> None:
    strategy = ONE_SHOT_STRATEGIES.get("enas").make(SMALL)
    updates: list[list[float]] = []
    configure = strategy.configure_oneshot_module

    def watched(module: Any) -> Any:
        one_shot = configure(module)
        set_model = one_shot.set_model

        def set_and_watch(model: Any) -> None:
            set_model(model)
            buffer = one_shot._replay_buffer
            one_shot._policy.update = lambda *_, **__: updates.append(
                sorted(reward for reward in buffer.rew.tolist() if reward)
            )

        one_shot.set_model = set_and_watch
        return one_shot

    strategy.configure_oneshot_module = watched
    rewards = [reward.reward for reward in run(strategy)]
    thirds = [sorted(rewards[i : i + 3]) for i in range(0, len(rewards), 3)]
    assert len(updates) == len(thirds) == 4
    for heard, given in zip(updates, thirds, strict=True):
        assert heard == pytest.approx(given)


def test_darts_moves_all_alphas() -> None:
    strategy = ONE_SHOT_STRATEGIES.get("darts").make(replace(SMALL, choice_learning_rate=0.1))
    run(strategy)
    alphas = list(strategy.supernet.cell.arch_parameters())
    assert all(alpha.abs().max() > 0.02 for alpha in alphas)  # drawn with a deviation of 0.001


def module_with(settings: LanguageSettings = SMALL) -> tuple[LanguageModule, Any]:
    module = LanguageModule(settings, 0, lambda reward: None)
    module.log = lambda *_, **__: None
    module.trainer = TRAINER
    model = ENAS().mutate_model(OneShotLanguageModel(7, 3, 8, 0.0, seed=0))
    model.cell.resample(memo=model.cell.choices.to_sample(CHAIN))
    module.set_model(model)
    return module, model


def test_an_exploding_cell_trains_nothing() -> None:
    module, model = module_with()
    optimizer = module.configure_optimizers()
    before = [weight.detach().clone() for weight in model.parameters()]
    model.embedding.grad = torch.full_like(model.embedding, torch.nan)
    module.configure_gradient_clipping(optimizer, None, None)
    optimizer.step()
    assert all(map(torch.equal, before, model.parameters()))
    model.embedding.grad = torch.full_like(model.embedding, 100.0)
    module.configure_gradient_clipping(optimizer, None, None)
    assert model.embedding.grad.norm() == pytest.approx(SMALL.clip, rel=1e-4)


def test_random_one_shot_clips_every_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    clip, clipped = LanguageModule.configure_gradient_clipping, []

    def count(module: LanguageModule, optimizer: Any, *options: Any) -> None:
        clip(module, optimizer, *options)
        clipped.append(optimizer)

    monkeypatch.setattr(LanguageModule, "configure_gradient_clipping", count)
    run(ONE_SHOT_STRATEGIES.get("random_one_shot").make(SMALL))
    assert len(clipped) == SMALL.epochs * len(parts_of(SMALL)["train_dataloaders"])


def test_states_are_carried_between_windows_until_they_are_large() -> None:
    module, model = module_with()
    first, second, *_ = parts_of(SMALL)["train_dataloaders"]
    module.training_step(first, 0)
    _, carried = model.loss(first.inputs, first.targets)
    expected, _ = model.loss(second.inputs, second.targets, carried)
    assert module.training_step(second, 1).item() == pytest.approx(expected.item())
    fresh, _ = model.loss(second.inputs, second.targets)
    assert expected.item() != fresh.item()
    module._states = None
    assert module.training_step(second, 1).item() == pytest.approx(fresh.item())
    with torch.no_grad():
        model.embedding[:] = 1e6
        model.cell.input_map.abs_()
        model.cell.resample(
            memo=model.cell.choices.to_sample(Cell((Node(0, "relu"), *CHAIN.nodes[1:])))
        )
    module.training_step(first, 0)
    assert module._states is None


def test_windows_are_the_text() -> None:
    rows = rows_of(np.arange(43), 4, "train")
    train = TrainWindows(rows, 4)
    found = list(train)
    assert len(found) == len(train) == 3
    assert torch.equal(torch.cat([window.inputs for window in found]), rows[:-1])
    assert torch.equal(torch.cat([window.targets for window in found]), rows[1:].flatten())
    assert [window.first for window in found] == [True, False, False]
    random = RandomWindows(rows, 4, 20, 1, iter((0, 1, 0)).__next__)
    epochs = [list(random), list(random)]
    assert [len(epoch) for epoch in epochs] == [20, 20]
    for window in epochs[0]:
        assert window.first
        assert torch.equal(window.targets, (window.inputs + 1).flatten())
    starts = [[int(window.inputs[0, 0]) for window in epoch] for epoch in epochs]
    assert starts[0] != starts[1]
    assert {0, 5} <= set(starts[0] + starts[1])  # the first and the last place
    again = [int(window.inputs[0, 0]) for window in random]
    assert again == starts[0]
    with pytest.raises(UserError, match="'valid' of the corpus has 5 words, too few for 4 columns"):
        rows_of(np.arange(5), 4, "valid")


def test_perplexity_is_that_of_the_whole_text_without_dropout() -> None:
    model = OneShotLanguageModel(7, 3, 8, 0.9, seed=0)
    frozen = model.freeze(model.cell.choices.to_sample(CHAIN))
    rows = rows_of(text().valid, 4, "valid")
    whole, _ = frozen.eval().loss(rows[:-1], rows[1:].flatten())
    frozen.train()
    assert frozen.perplexity(rows, 6) == pytest.approx(math.exp(whole.item()), rel=1e-5)
    assert frozen.training
    assert perplexity_of(math.nan) == perplexity_of(1e6) == math.inf


def test_a_seed_decides_embedding_and_masks() -> None:
    tokens = torch.zeros(3, 2, dtype=torch.long)

    def logits(seed: int) -> torch.Tensor:
        model = OneShotLanguageModel(7, 3, 8, 0.5, seed)
        frozen = model.freeze(model.cell.choices.to_sample(CHAIN))
        with torch.no_grad():
            for weight in frozen.cell.parameters():
                weight.fill_(0.1)
        result: torch.Tensor = frozen(tokens)[0]
        return result

    assert torch.equal(logits(1), logits(1))
    assert not torch.equal(logits(1), logits(2))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "epochs must be at least 1"),
        ("clip", 0.0, "clip must be above 0"),
        ("dropout", 1.0, r"dropout must be in \[0, 1\)"),
    ],
)
def test_impossible_settings_are_refused(name: str, value: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **{name: value})


def test_an_unknown_strategy_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UserError, match="unknown one-shot strategy 'sgd'; known: darts, "):
        search_one_shot(task(), "sgd", 0)
    with pytest.raises(
        UserError, match=r"proxyless does not search .* enas_cell: give --space text"
    ):
        search_one_shot(task(), "proxyless", 0)


TRAINING = Settings(
    epochs=3,
    sizes=Sizes(12, 12, 1),
    dropouts=DROPOUTS["none"],
    weight_drop="trained",
    batch_size=4,
    eval_batch_size=3,
    bptt=12,
    learning_rate=1e-2,
)


def test_the_found_cell_and_the_lstm_get_the_same(tmp_path: Path) -> None:
    told = []
    ours, lstm = compare_with_lstm(
        FORK, text(40), TRAINING, tmp_path, epoch_done=lambda name, curves: told.append(name)
    )
    assert told == ["found"] * 3 + ["lstm"] * 3
    rest = 7 * 12 + 7  # embedding and decoder's bias
    assert ours.parameters == rest + FORK.num_parameters(12, 12)
    assert lstm.parameters == rest + 4 * (12 * 24 + 12)
    for row in (ours, lstm):
        assert row.valid_perplexity < 6
        assert row.test_perplexity < 6
        assert row.best_epoch == 3
    written = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert [row["name"] for row in written["trained"]] == ["found", "lstm"]
    assert Cell.from_json(written["cell"]) == FORK
    again, _ = compare_with_lstm(FORK, text(40), TRAINING, tmp_path)
    assert again == ours  # gone on from its end, seconds included


def test_the_lstm_can_have_as_many_parameters() -> None:
    sizes = Sizes(12, 18, 2)
    cell = Cell(tuple(Node(i, "tanh") for i in range(8)))
    ours, lstm = compare_with_lstm(
        cell, text(), replace(TRAINING, sizes=sizes, epochs=1), same="parameters"
    )
    by_widths = compare_with_lstm(cell, text(), replace(TRAINING, sizes=sizes, epochs=1))
    assert by_widths[0].parameters == ours.parameters
    assert by_widths[1].parameters < 0.7 * ours.parameters
    assert lstm.parameters == pytest.approx(ours.parameters, rel=0.06)


def test_a_training_that_would_train_no_recurrent_matrix_is_refused() -> None:
    with pytest.raises(UserError, match="ENAS: take 'trained'"):
        compare_with_lstm(FORK, text(), replace(TRAINING, weight_drop="release"))
