"""Progress messages of slow commands."""

from __future__ import annotations

import sys
import time

import pytest

from nni_nlp_bench.cli.output import step_reporter


def test_steps_are_printed_immediately_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with step_reporter() as report:
        report("waiting for the tuner")
        assert capsys.readouterr().err == "waiting for the tuner ...\n"


def test_only_slow_steps_are_printed_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with step_reporter(delay_s=0.6) as report:
        report("fast step")
        report("slow step")
        deadline = time.monotonic() + 60
        printed = ""
        while not printed and time.monotonic() < deadline:
            time.sleep(0.05)
            printed = capsys.readouterr().err
        report("last step")
    time.sleep(0.7)
    assert printed + capsys.readouterr().err == "slow step ...\n"
