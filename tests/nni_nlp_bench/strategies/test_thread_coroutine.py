"""Code with its own loop, run as a coroutine."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nni_nlp_bench.strategies.thread_coroutine import ThreadCoroutine  # noqa: E402


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(()))


def test_function_and_caller_alternate() -> None:
    steps: list[str] = []

    def function() -> None:
        for step in ("first", "second"):
            steps.append(step)
            coroutine.suspend()
        steps.append("end")

    coroutine = ThreadCoroutine(function, seed=0)
    for expected in ("first", "second", "end"):
        coroutine.resume()
        assert steps[-1] == expected
    coroutine.resume()
    assert steps == ["first", "second", "end"]


def test_an_error_is_raised_where_the_function_is_resumed() -> None:
    def function() -> None:
        coroutine.suspend()
        raise ValueError("broken")

    coroutine = ThreadCoroutine(function, seed=0)
    coroutine.resume()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            coroutine.resume()


def test_function_and_caller_have_generators_of_their_own() -> None:
    drawn: list[tuple[float, float, float]] = []

    def function() -> None:
        while True:
            drawn.append(draw())
            coroutine.suspend()

    def run(callers_draws: int) -> list[tuple[float, float, float]]:
        nonlocal coroutine
        drawn.clear()
        coroutine = ThreadCoroutine(function, seed=3)
        for _ in range(3):
            coroutine.resume()
            for _ in range(callers_draws):
                draw()
        coroutine.close()
        return list(drawn)

    coroutine: ThreadCoroutine
    random.seed(1)
    expected = random.random()
    random.seed(1)
    first = run(0)
    assert random.random() == expected
    assert run(2) == first
    assert len(set(first)) == 3


def test_close_ends_the_function_and_its_thread() -> None:
    cleaned = []

    def function() -> None:
        try:
            coroutine.suspend()
        finally:
            cleaned.append(True)
            coroutine.suspend()

    coroutine = ThreadCoroutine(function, seed=0)
    before = threading.active_count()
    coroutine.resume()
    assert threading.active_count() == before + 1
    coroutine.close()
    assert cleaned == [True]
    assert threading.active_count() == before


def test_close_before_the_first_resume_runs_nothing() -> None:
    ran = []
    ThreadCoroutine(lambda: ran.append(True), seed=0).close()
    assert ran == []
