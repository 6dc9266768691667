"""Training of a language model: it learns, resumes bit for bit, and writes its log."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.log import Curves
from nni_nlp_bench.training.run import CHECKPOINT, train
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes
from nni_nlp_bench.training.trainer import Trainer
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe

LSTM = named_recipe("lstm")
SETTINGS = Settings(
    epochs=3, sizes=Sizes(12, 12, 2), batch_size=4, eval_batch_size=3, bptt=12, learning_rate=1e-2
)
# Its state is cubed at every step, and its weights grow.
DIVERGING = Recipe.from_json(
    {
        "l": {"op": "linear", "input": ["x", "h_prev_0"]},
        "s": {"op": "elementwise_sum", "input": ["l", "l", "l", "l", "l", "l", "l", "l"]},
        "p": {"op": "elementwise_prod", "input": ["s", "s", "s"]},
        "h_new_0": {"op": "elementwise_prod", "input": ["p", "s"]},
    }
)


def text(repeats: int = 60) -> Corpus:
    """A text that can be learned: words in one fixed cycle, with noise."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(10)]

    def lines(count: int) -> list[list[str]]:
        return [
            [words[(i + k) % 10] if rng.random() < 0.9 else words[0] for k in range(9)]
            for i in range(count)
        ]

    return Corpus.of("cycle", {"train": lines(repeats), "valid": lines(20), "test": lines(20)})


def same(a: Curves, b: Curves) -> bool:
    losses = ("train_losses", "val_losses", "test_losses", "status")
    return all(getattr(a, name) == getattr(b, name) for name in losses)


@pytest.fixture(scope="module")
def whole() -> Curves:
    """A training without interruption."""
    return train(LSTM, text(), SETTINGS)


@pytest.mark.parametrize("weight_drop", ["release", "trained"])
def test_it_learns(weight_drop: str) -> None:
    settings = replace(SETTINGS, epochs=8, dropouts=DROPOUTS["none"], weight_drop=weight_drop)
    curves = train(LSTM, text(), settings)
    assert curves.status == "OK"
    assert curves.epochs == 8 == len(curves.wall_times)
    assert curves.val_losses[-1] < 1.7 < curves.val_losses[0]
    assert all(seconds > 0 for seconds in curves.wall_times)


def test_a_seed_gives_the_same_training_and_another_seed_another_one(whole: Curves) -> None:
    assert same(whole, train(LSTM, text(), SETTINGS))
    assert not same(whole, train(LSTM, text(), replace(SETTINGS, seed=1)))


def test_evaluation_is_the_mean_over_all_predicted_tokens() -> None:
    corpus = text()
    trainer = Trainer(LSTM, corpus, SETTINGS)
    found = trainer.evaluate(corpus.valid)
    rows = torch.from_numpy(corpus.valid[: len(corpus.valid) // 3 * 3]).view(3, -1).t()
    trainer.model.eval()
    outputs = trainer.model(rows[:-1])
    expected = trainer.model.loss(outputs.dropped, rows[1:].flatten()).item()
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_training_interrupted_within_an_epoch_resumes_bit_for_bit(
    whole: Curves, tmp_path: Path
) -> None:
    class StopError(Exception):
        pass

    steps = 0

    def stop(epochs: float) -> None:
        nonlocal steps
        steps += 1
        if steps == 17:
            raise StopError

    with pytest.raises(StopError):
        train(LSTM, text(), SETTINGS, tmp_path, checkpoint_s=0, progress=stop)
    started: list[float] = []
    resumed = train(LSTM, text(), SETTINGS, tmp_path, progress=started.append)
    assert 1 < started[0] < 2, "it went on within the second epoch"
    assert same(whole, resumed)


def test_a_finished_training_is_not_repeated_and_can_be_made_longer(tmp_path: Path) -> None:
    train(LSTM, text(), SETTINGS, tmp_path)
    again = train(LSTM, text(), SETTINGS, tmp_path, progress=lambda _: pytest.fail("trained"))
    assert again.epochs == 3
    longer = train(LSTM, text(), replace(SETTINGS, epochs=5), tmp_path)
    assert same(longer, train(LSTM, text(), replace(SETTINGS, epochs=5)))


def test_another_training_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    train(LSTM, text(), SETTINGS, tmp_path)
    with pytest.raises(UserError, match="of a training with another recipe, num_params; choose"):
        train(named_recipe("gru"), text(), SETTINGS, tmp_path)
    with pytest.raises(UserError, match="of a training with another seed; choose"):
        train(LSTM, text(), replace(SETTINGS, seed=1), tmp_path)
    with pytest.raises(UserError, match="of a training with another digest; choose"):
        train(LSTM, text(61), SETTINGS, tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    train(LSTM, text(), SETTINGS, tmp_path)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"is damaged .* delete it to start over"):
        train(LSTM, text(), SETTINGS, tmp_path)


def test_a_loss_that_is_nan_ends_the_training_with_a_status(tmp_path: Path) -> None:
    settings = replace(
        SETTINGS, learning_rate=0.5, dropouts=DROPOUTS["none"], sizes=Sizes(12, 12, 1)
    )
    curves = train(DIVERGING, text(), settings, tmp_path)
    assert curves.status == "loss is nan!"
    assert curves.epochs < settings.epochs or math.isnan(curves.val_losses[-1])
    again = train(DIVERGING, text(), settings, tmp_path, progress=lambda _: pytest.fail("trained"))
    assert again.status == "loss is nan!"
    (run,) = read_release_logs(tmp_path).runs
    assert run.status == "loss is nan!"


def test_the_log_is_one_of_the_release(tmp_path: Path) -> None:
    curves = train(LSTM, text(), SETTINGS, tmp_path, recipe_id=1000001)
    (path,) = tmp_path.glob("log_stats_model_1000001_*.json")
    log = json.loads(path.read_text("utf-8"))
    assert (log["emsize"], log["nhid"], log["nlayers"], log["weight_drop"]) == (
        12,
        12,
        2,
        "release",
    )
    reading = read_release_logs(tmp_path)
    (run,) = reading.runs
    assert run.architecture == LSTM
    assert (run.recipe_id, run.dataset) == (1000001, "cycle")
    assert run.num_params == Trainer(LSTM, text(), SETTINGS).model.num_parameters()
    assert run.val_loss is not None and run.val_loss.tolist() == curves.val_losses
    assert run.wall_time_s is not None and run.wall_time_s.tolist() == curves.wall_times


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_run import LSTM, SETTINGS, text
from nni_nlp_bench.training.run import train
def show(epochs): print(epochs, flush=True)
train(LSTM, text(), SETTINGS, Path(sys.argv[1]), checkpoint_s=0, progress=show)
"""


@pytest.mark.slow
def test_killed_and_started_again_it_ends_as_if_nothing_had_happened(
    whole: Curves, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(Path(__file__).parent)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if float(line) > 1.3:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert same(whole, train(LSTM, text(), SETTINGS, tmp_path))


def test_mixed_precision_trains_to_about_the_same() -> None:
    settings = replace(SETTINGS, dropouts=DROPOUTS["none"])
    full = train(LSTM, text(), settings)
    half = train(LSTM, text(), replace(settings, precision="bfloat16"))
    assert half.val_losses[-1] == pytest.approx(full.val_losses[-1], rel=0.1)
    assert half.val_losses != full.val_losses


FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_run import LSTM, SETTINGS, text
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.run import train
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    train(LSTM, text(), SETTINGS, Path(sys.argv[1]), checkpoint_s=0)
except UserError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_is_one_error_and_keeps_the_last_checkpoint(
    whole: Curves, tmp_path: Path
) -> None:
    """Simulated by a limit on the size of files."""
    train(LSTM, text(), replace(SETTINGS, epochs=1), tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    for limit in (2_000, len(before) // 2, len(before) - 1):
        command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parent)]
        failed = subprocess.run([*command, str(limit)], capture_output=True, text=True)
        assert failed.stdout == f"cannot write {tmp_path / 'checkpoint.pt'}: File too large\n"
        assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.glob(".unfinished-*"))
    assert same(whole, train(LSTM, text(), SETTINGS, tmp_path))
