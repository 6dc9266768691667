"""The command: exit codes, streams, imports, interruption."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app

COMMAND = Path(sys.executable).with_name("nni-nlp-bench")
HEAVY = {"igraph", "lightgbm", "matplotlib", "nni", "numpy", "pandas", "sklearn", "torch", "httpx"}


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_help_lists_the_commands() -> None:
    done = call("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("list", "arch", "benchmark"))


def test_help_imports_no_heavy_library() -> None:
    program = (
        "import sys; from nni_nlp_bench.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = done.stdout.partition("LOADED")[2].split()
    assert loaded
    assert HEAVY & set(loaded) == set()


@pytest.mark.parametrize(
    "arguments", [("--foo",), ("arch", "show", "--foo"), ("nonsense",), ("arch", "show")]
)
def test_exit_code_of_usage_errors(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, SystemExit)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: ")


def test_an_error_is_one_line_on_stderr() -> None:
    done = call("arch", "check", "--architecture", "{}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: node 'h_new_0': this result is missing\n"


def test_stdout_is_json_only() -> None:
    done = call("arch", "show", "--architecture", "rnn", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["space"] == "rnn_cell"


def test_exit_code_of_an_interrupted_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/logs.zip"
        command = [COMMAND, "benchmark", "download", "nas-bench-nlp/wikitext-2", "--url", url]
        waiting = subprocess.Popen(
            command,
            text=True,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        connection, _ = mute.accept()
        with connection:
            assert connection.recv(1)  # the request: the command waits for the response
            waiting.send_signal(signal.SIGINT)
            _, stderr = waiting.communicate()
    assert waiting.returncode == 130
    assert "Traceback" not in stderr
