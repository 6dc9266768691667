"""A benchmark that trains: beginnings of one training, costs, searches, and the command."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import run as command

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.constrained import constrain
from nni_nlp_bench.benchmarks.training import TrainingBenchmark
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SCORES
from nni_nlp_bench.zero_cost.sentences.scoring import SampledTexts
from search_spaces.emd_cell.space import EmdCellSpace
from search_spaces.registry import get_space

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="trains with torch")
SETTINGS = ClassifierSettings(epochs=4, batch_size=32, learning_rate=1e-2, epsilon=1e-8)
SPACE = EmdCellSpace()


@pytest.fixture(scope="module")
def words(synthetic_set: LabelledSet) -> EmbeddedDataset:
    return EmbeddedDataset.of(synthetic_set, width=8)


def benchmark(words: EmbeddedDataset, **options: Any) -> TrainingBenchmark:
    return TrainingBenchmark(words, SPACE, SETTINGS, {"width": 8, "cells": 1}, threads=1, **options)


@pytest.fixture(scope="module")
def cell() -> Any:
    return SPACE.sample(np.random.default_rng(2))


def test_shorter_trainings_are_beginnings_of_the_full_one(
    words: EmbeddedDataset, cell: Any
) -> None:
    """A paused training resumes, at the loss and for about the cost of one without pauses."""
    paused, whole = benchmark(words), benchmark(words)
    epochs: list[int] = []
    paused.progress = lambda architecture, done, until: epochs.append(int(done))
    first = paused.query(cell, 1)
    assert (first.epoch, first.origin, first.status) == (1, "measured", "OK")
    final = paused.query(cell)
    assert epochs[-1] == 4
    assert 1 in epochs
    assert epochs.count(0) < 2 * epochs.count(2) + 8  # the first epoch was not trained again
    other = whole.query(cell)
    assert final.val_loss == other.val_loss
    assert final.metrics == other.metrics
    assert final.wall_time_s > first.wall_time_s
    assert whole.query(cell, 1).val_loss == first.val_loss


def test_runs_differ_by_their_seed_only(words: EmbeddedDataset, cell: Any) -> None:
    bench = benchmark(words)
    assert bench.query(cell, seed=0).val_loss == bench.query(cell).val_loss
    assert bench.task(cell, run=3).settings.seed == 3


def test_the_loss_is_the_dev_error_in_percent(words: EmbeddedDataset, cell: Any) -> None:
    bench = benchmark(words)
    result = bench.query(cell)
    assert result.val_loss is not None
    assert bench.unit.to_metric(result.val_loss) == pytest.approx(100 - result.val_loss)
    errors = result.val_loss / 100 * len(words.data.dev)
    assert errors == pytest.approx(round(errors))
    assert 0 <= bench.value("macro_f1", cell, result) <= 1
    assert bench.value("score", cell, result) == 100 - result.val_loss


def test_parameters_are_those_of_the_network(words: EmbeddedDataset, cell: Any) -> None:
    bench = benchmark(words)
    network = bench.task(cell).network()
    assert bench.parameters(cell) == sum(w.numel() for w in network.parameters())


def test_the_digest_tells_what_is_trained(words: EmbeddedDataset) -> None:
    digests = {
        benchmark(words).digest,
        TrainingBenchmark(words, SPACE, SETTINGS, {"width": 4}).digest,
        TrainingBenchmark(words, SPACE, ClassifierSettings(epochs=3), {"width": 8}).digest,
    }
    assert len(digests) == 3
    assert benchmark(words).digest in digests


def test_another_process_has_its_own_checkpoints(words: EmbeddedDataset, cell: Any) -> None:
    bench = benchmark(words)
    paused = bench.query(cell, 2)
    copy = pickle.loads(pickle.dumps(bench))
    assert copy.query(cell, 2).val_loss == paused.val_loss
    assert copy._temporary.name != bench._temporary.name


def test_what_it_cannot_train_is_refused(words: EmbeddedDataset, cell: Any) -> None:
    with pytest.raises(BenchmarkError, match="have no 'layers', only width"):
        TrainingBenchmark(words, SPACE, SETTINGS, {"layers": 3})
    with pytest.raises(UserError, match="do not classify"):
        TrainingBenchmark(words, get_space("rnn_cell"), SETTINGS)
    with pytest.raises(BenchmarkError, match="between 1 and 4, got 5"):
        benchmark(words).query(cell, 5)


def test_a_search_trains_and_is_replayed_from_its_journal(
    words: EmbeddedDataset, tmp_path: Path
) -> None:
    journal = tmp_path / "search.jsonl"
    search = nb.search(benchmark(words), "hyperband", n_trials=4, journal=journal)
    assert len(search.trials) == 4
    assert {trial.result.epoch for trial in search.trials} < {1, 2, 3, 4}

    def fail(*_: Any) -> None:
        raise AssertionError("trained again")

    replayed = nb.search(benchmark(words, progress=fail), "hyperband", n_trials=4, journal=journal)
    assert replayed.best_loss == search.best_loss


def test_a_warm_start_tries_the_best_of_ten_by_a_score(words: EmbeddedDataset) -> None:
    """The score is that of the networks at their sizes, on the texts that they are trained on."""
    bench = benchmark(words)
    found = nb.search(bench, "random", n_trials=2, seed=3, warm_start="naswot")
    scorer = bench.zero_cost_scorer("naswot")
    assert scorer is not None
    rng = np.random.default_rng(3)
    for trial in found.trials:
        ten = [SPACE.sample(rng) for _ in range(10)]
        best = max(ten, key=scorer)
        assert trial.architecture.canonical_key == best.canonical_key
        assert scorer(best) > np.median([scorer(each) for each in ten])
    texts = SampledTexts(words, steps=SETTINGS.max_length)
    alone = texts.statistics("emd_cell", best, {"width": 8, "cells": 1})
    assert scorer(best) == SENTENCE_SCORES.get("naswot").of(alone)
    constrained = constrain(bench, "parameters<=1e6")
    assert constrained.zero_cost_scorer("naswot")(best) == scorer(best)


@pytest.mark.parametrize("strategy", ["hyperband", "regularized_evolution"])
def test_an_interrupted_search_with_a_warm_start_goes_on(
    strategy: str, words: EmbeddedDataset, tmp_path: Path
) -> None:
    """Its trials are those of a search without interruption."""
    options: dict[str, Any] = {"n_trials": 4, "warm_start": "naswot", "seed": 1}
    whole = nb.search(benchmark(words), strategy, **options, journal=tmp_path / "whole.jsonl")
    journal, count = tmp_path / "search.jsonl", 0

    def interrupt(trial: Any) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nb.search(benchmark(words), strategy, **options, journal=journal, callback=interrupt)
    resumed = nb.search(benchmark(words), strategy, **options, journal=journal)
    found, wanted = (
        [(trial.architecture.canonical_key, trial.result.val_loss) for trial in search.trials]
        for search in (resumed, whole)
    )
    assert found == wanted
    with pytest.raises(UserError, match="unknown score of sentence classifiers"):
        nb.search(benchmark(words), strategy, warm_start="nsc")


def test_the_command_searches_on_a_file(tmp_path: Path) -> None:
    file = tmp_path / "texts.tsv"
    rows = [f"{('good', 'bad')[i % 2]} word{i}\t{i % 2}" for i in range(60)]
    file.write_text("\n".join(("text\tlabel", *rows)) + "\n", "utf-8")
    options = ("--space", "emd_cell", "--trials", "2", "--width", "4", "--train-epochs", "1")
    warm = ("--warm-start", "num_params")
    ran = command(
        "search", "--data", file, "--strategy", "random", *options, *warm, "--out", tmp_path / "out"
    )
    assert ran.returncode == 0, ran.stderr
    assert "texts.tsv, trained: 2 evaluations" in ran.stdout
    assert (tmp_path / "out" / "best.json").exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--width", "8"], "--width is for trainings: give --data too"),
        (["--data", "docstrings", "--benchmark", "mini"], "either --benchmark, or --data"),
        (["--data", "docstrings", "--kd-loss", "emd"], "requires a teacher"),
        (["--data", "docstrings", "--space", "rnn_cell"], "do not classify"),
    ],
)
def test_options_that_do_not_fit(options: list[str], error: str, tmp_path: Path) -> None:
    ran = command("search", "--strategy", "random", "--out", tmp_path / "out", *options)
    assert ran.returncode == 2
    assert error in ran.stderr
    assert not (tmp_path / "out").exists()
