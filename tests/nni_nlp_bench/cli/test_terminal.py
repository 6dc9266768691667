"""Names from files do not control the terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import run

from nni_nlp_bench.cli.console import LiteralConsole
from nni_nlp_bench.cli.output import bar, echo, plain_table, print_tables, step_reporter
from nni_nlp_bench.core.printable import printable
from nni_nlp_bench.frameworks.nni.command import run_command
from nni_nlp_bench.testing import synthetic_table
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe

HOSTILE = "[red]x\x1b]0;t\x1b\\\x1b[2J\x9b8m\u202e\u200b:boom:[/red]"
"""Title of the window, cleared screen, hidden text, right to left; markup and emoji."""
SHOWN = r"[red]x\x1b]0;t\x1b\\x1b[2J\x9b8m\u202e\u200b:boom:[/red]"
STYLES = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command print as on a wide terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "300")


def check(printed: str) -> None:
    """Assert that the name is shown literally, and that all other characters are harmless."""
    plain = STYLES.sub("", printed)
    assert SHOWN in plain
    assert printable(plain, keep="\n") == plain


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a table with the name."""
    folder = tmp_path_factory.mktemp("tables") / "table"
    synthetic_table(60).save(folder)
    metadata = folder / "metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"name": HOSTILE}))
    return folder


def test_nodes_of_an_architecture(tmp_path: Path) -> None:
    file = tmp_path / "cell.json"
    nodes = json.loads(named_recipe("lstm").to_json())
    renamed = json.dumps(nodes).replace('"i"', json.dumps(HOSTILE))
    assert renamed != json.dumps(nodes)
    file.write_text(Recipe.from_json(renamed).to_json())
    shown = run("arch", "show", "--architecture", file)
    assert shown.returncode == 0, shown.stderr
    check(shown.stdout)


def test_names_of_tables(table: Path) -> None:
    check(run("benchmark", "info", table).stdout)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_ranking_and_report(table: Path, tmp_path: Path) -> None:
    search = ("search", "--benchmark", table, "--restrict", "--strategy", "random")
    check(run(*search, "--trials", 3, "--out", tmp_path / "out").stdout)
    check(run("report", tmp_path / "out", "--out", tmp_path / "report.html").stdout)


def test_errors(tmp_path: Path) -> None:
    file = tmp_path / "cell.json"
    file.write_text(json.dumps({"h_new_0": {"op": HOSTILE, "input": ["x"]}}))
    done = run("arch", "show", "--architecture", file)
    assert done.returncode == 2
    assert "[red]x" in done.stderr
    assert done.stderr.removesuffix("\n").isprintable()


def test_errors_of_trials(capsys: pytest.CaptureFixture[str]) -> None:
    from nni_nlp_bench.core.errors import UserError

    def fail(arguments: object) -> None:
        raise UserError(HOSTILE)

    before = signal.getsignal(signal.SIGINT)
    try:
        assert run_command(fail) == 2
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
    check(capsys.readouterr().err)


def test_lines_tables_and_bars(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    echo(HOSTILE + "\r\n\x07\x08")
    printed = capsys.readouterr().out
    check(printed)
    assert printed.endswith(r"\r\n\x07\x08" + "\n")
    for output in (
        plain_table(HOSTILE, ("a",), [("b" * len(SHOWN),)]),
        plain_table(None, (HOSTILE,), [("b",)]),
        plain_table(None, ("a",), [(HOSTILE,)]),
    ):
        print_tables(output)
        check(capsys.readouterr().out)
    LiteralConsole().print(HOSTILE, style="dim")
    check(capsys.readouterr().out)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with step_reporter() as report:
        report(HOSTILE)
    check(capsys.readouterr().err)
    with bar(HOSTILE) as advance:
        advance(1, 2)
    shown = re.sub(r"\x1b\[(\?25[lh]|[12]K|1A)|\r", "", capsys.readouterr().err)  # by rich
    plain = STYLES.sub("", shown)
    assert plain.startswith(r"[red]x\x1b]0;t")
    assert printable(plain, keep="\n") == plain


WARN = """
import warnings
from nni_nlp_bench.cli import app
app.app = lambda: warnings.warn({name!r})
app.main()
"""


def test_warnings() -> None:
    program = WARN.format(name=HOSTILE)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    check(done.stderr)


def test_printable_text_is_unchanged() -> None:
    text = "± 5 % über 東京 🙂"
    assert printable(text) is text
    assert printable("lone \ud800") == r"lone \ud800"
