"""`experiment status` with a damaged list of experiments."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"a": {}}', '{"a": {"startTime": []}}', "[" * 100_000, "\0", "NaN"]
)
def test_a_damaged_list_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    listed = tmp_path / "nni-experiments" / ".experiment"
    listed.parent.mkdir()
    listed.write_text(content)
    done = CliRunner().invoke(app, ["experiment", "status"])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert str(listed) in line
