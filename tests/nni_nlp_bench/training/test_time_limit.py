"""A time limit ends a training after the last epoch that fits, and is told if none does."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.log import Curves
from nni_nlp_bench.training.run import CHECKPOINT, train
from nni_nlp_bench.training.settings import Settings, Sizes
from nni_nlp_bench.training.time_limit import TimeLimit
from search_spaces.rnn_cell.published import named_recipe

HOURS = 1e5
LSTM = named_recipe("lstm")
SETTINGS = Settings(epochs=3, sizes=Sizes(6, 6, 1), batch_size=4, eval_batch_size=3, bptt=12)


def text() -> Corpus:
    lines = [[f"w{(i + k) % 10}" for k in range(9)] for i in range(60)]
    return Corpus.of("cycle", {"train": lines, "valid": lines[:20], "test": lines[20:40]})


def timeless(curves: Curves) -> dict[str, Any]:
    return {**asdict(curves), "wall_times": len(curves.wall_times)}


def test_an_epoch_must_fit_that_is_as_long_as_the_longest() -> None:
    times = iter([0.0, 20.0, 50.0, 69.0, 71.0])
    limit = TimeLimit(100.0, started=0.0, clock=lambda: next(times))
    assert [limit.allows_epoch() for _ in range(5)] == [True, True, True, True, False]


def test_a_limit_that_suffices_changes_nothing(tmp_path: Path) -> None:
    limited = train(LSTM, text(), SETTINGS, tmp_path, threads=1, time_s=HOURS)
    assert timeless(limited) == timeless(train(LSTM, text(), SETTINGS, threads=1))


def test_not_even_one_epoch() -> None:
    with pytest.raises(UserError, match="longer than the time limit of 1e-06 s: allow more time"):
        train(LSTM, text(), SETTINGS, time_s=1e-6)


def test_earlier_sessions_count_and_decide_the_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(LSTM, text(), replace(SETTINGS, epochs=1), tmp_path, threads=1, time_s=HOURS)
    assert (tmp_path / CHECKPOINT).exists()
    monkeypatch.setattr(TimeLimit, "fastest_threads", None)  # not measured again
    over = train(LSTM, text(), SETTINGS, tmp_path, time_s=sum(first.wall_times) / 2)
    assert (over.epochs, over.status, over.threads) == (1, "OK", 1)
    assert train(LSTM, text(), SETTINGS, tmp_path, time_s=HOURS).epochs == 3
