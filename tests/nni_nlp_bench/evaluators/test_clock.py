"""The simulated clock, checked by hand."""

from __future__ import annotations

import pytest

from nni_nlp_bench.evaluators.clock import Interval, SimulatedClock


def test_the_worker_that_is_free_first_takes_the_next_training() -> None:
    clock = SimulatedClock(2)
    assert [clock.run(seconds) for seconds in (10, 3, 4, 1)] == [
        Interval(0, 10),
        Interval(0, 3),
        Interval(3, 7),
        Interval(7, 8),
    ]
    assert clock.next_free_s == 8


def test_the_end_is_that_of_the_longest_training_not_of_the_last() -> None:
    clock = SimulatedClock(2)
    assert clock.end_s == 0
    clock.run(10)
    clock.run(3)
    assert (clock.end_s, clock.next_free_s) == (10, 3)


def test_a_worker_waits_until_its_training_may_begin() -> None:
    """It is busy from its start: the wait for a checkpoint is its own."""
    clock = SimulatedClock(1)
    assert clock.run(5, after_s=20) == Interval(0, 25)
    assert clock.run(5, after_s=20) == Interval(25, 30)


def test_idle_workers_begin_no_earlier_than_they_are_asked() -> None:
    clock = SimulatedClock(2)
    clock.run(10)
    clock.wait_until(4)
    assert clock.next_free_s == 4
    assert [clock.run(1), clock.run(1)] == [Interval(4, 5), Interval(5, 6)]
    clock.wait_until(2)
    assert clock.run(5) == Interval(6, 11)
    assert clock.run(1) == Interval(10, 11)


def test_no_workers_do_no_work() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        SimulatedClock(0)
