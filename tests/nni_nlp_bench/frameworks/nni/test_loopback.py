"""Preloaded script of NNI's manager: listening addresses, environment of child processes."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from nni_nlp_bench.frameworks.nni.serving import server
from nni_nlp_bench.frameworks.nni.serving.addresses import ALL_INTERFACES

PROGRAM = """
const server = require("net").createServer();
let calls = 0;
const count = () => { calls += 1; };
server.CALL;
server.on("listening", () => {
    console.log(JSON.stringify([server.address(), process.env.NODE_OPTIONS || null, calls]));
    server.close();
});
"""


def run_node(call, options):
    """Return the address of a server, NODE_OPTIONS of its children, and the calls of `count`."""
    spec = find_spec("nni_node")
    assert spec is not None
    assert spec.origin is not None
    program = PROGRAM.replace("CALL", call)
    done = subprocess.run(
        [Path(spec.origin).with_name("node"), "-e", program],
        env={**os.environ, **options},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def _no_options(monkeypatch):
    monkeypatch.delenv("NODE_OPTIONS", raising=False)


@pytest.mark.parametrize(
    "call",
    [
        "listen()",
        "listen(0)",
        "listen('0')",
        "listen(0, '0.0.0.0')",
        "listen(0, '::', 511)",
        "listen({port: 0})",
        "listen({port: 0, host: '0.0.0.0'})",
        "listen(count)",
    ],
)
def test_servers_listen_on_loopback(call):
    address, *_ = run_node(call, server.manager_environment())
    assert address["address"] == "127.0.0.1"


def test_node_listens_on_all_interfaces_by_default():
    address, *_ = run_node("listen(0)", {})
    assert address["address"] in ALL_INTERFACES


def test_pipes_are_unchanged(tmp_path):
    pipe = str(tmp_path / "pipe")
    assert run_node(f"listen({json.dumps(pipe)})", server.manager_environment())[0] == pipe
    options = json.dumps({"path": pipe})
    assert run_node(f"listen({options})", server.manager_environment())[0] == pipe


@pytest.mark.parametrize("call", ["listen(count)", "listen(0, '::', count)"])
def test_callback_is_called_once(call):
    assert run_node(call, server.manager_environment())[2] == 1


def test_all_interfaces_on_request():
    address, *_ = run_node("listen(0)", server.manager_environment("0.0.0.0"))
    assert address["address"] == "0.0.0.0"


def test_child_processes_get_the_original_node_options(monkeypatch):
    assert run_node("listen(0)", server.manager_environment())[1] is None
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    assert run_node("listen(0)", server.manager_environment())[1] == "--no-warnings"


def test_path_with_special_characters(tmp_path, monkeypatch):
    folder = tmp_path / 'a "b" \\ é'
    folder.mkdir()
    script = shutil.copy(server.SHIM, folder / server.SHIM.name)
    monkeypatch.setattr(server, "SHIM", Path(script))
    address, inherited, _ = run_node("listen(0)", server.manager_environment())
    assert (address["address"], inherited) == ("127.0.0.1", None)


def test_python_in_trials_is_the_current_interpreter(monkeypatch, tmp_path):
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = shutil.which("python", path=server.manager_environment()["PATH"])
    assert found == str(Path(sys.executable).with_name("python"))


SERVER = """
const server = require("http").createServer((request, response) => response.end("content"));
server.on("upgrade", (request, socket) => socket.end("HTTP/1.1 101 Switching\\r\\n\\r\\n"));
server.listen(0, () => console.log(server.address().port));
"""


@pytest.fixture(scope="module")
def web_server():
    """Port of an HTTP server with the preloaded script."""
    spec = find_spec("nni_node")
    assert spec is not None
    assert spec.origin is not None
    environment = {**os.environ, **server.manager_environment()}
    words = [Path(spec.origin).with_name("node"), "-e", SERVER]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:PORT", None, 200),
        ("localhost:PORT", None, 200),
        ("LOCALHOST", None, 200),
        (f"{socket.gethostname()}:PORT", None, 200),
        ("192.168.1.7:PORT", None, 200),
        ("[::1]:PORT", None, 200),
        ("localhost:8080", "http://localhost:8080", 200),  # a tunnel
        ("evil.example", None, 403),
        ("evil.example:PORT", "http://evil.example:PORT", 403),
        ("127.0.0.1.evil.example:PORT", None, 403),
        ("localhost.evil.example", None, 403),
        ("", None, 403),
        ("127.0.0.1:PORT", "http://evil.example", 403),
        ("127.0.0.1:PORT", "http://127.0.0.1:1", 403),
        ("127.0.0.1:PORT", "null", 403),
    ],
)
@pytest.mark.parametrize("upgrade", [False, True])
def test_requests_of_foreign_pages_are_refused(web_server, host, origin, status, upgrade):
    headers = ["GET /api/v1/nni/trial-jobs HTTP/1.1", f"Host: {host}"]
    if origin is not None:
        headers.append(f"Origin: {origin}")
    headers.append("Connection: Upgrade\r\nUpgrade: websocket" if upgrade else "Connection: close")
    request = "\r\n".join([*headers, "", ""]).replace("PORT", str(web_server))
    with socket.create_connection(("127.0.0.1", web_server)) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    expected = 101 if upgrade and status == 200 else status
    assert answer.split()[1] == str(expected)
    assert ("content" in answer) == (expected == 200)


def test_connection_timeout_of_the_tuner_is_extended():
    """The timer of NNI's manager is extended, and no other."""
    program = """
        const { promisify } = require("util");
        const delay = (call, ms) => setTimeout(call, ms).unref()._idleTimeout;
        console.log(JSON.stringify([
            delay(() => { const msg = "Tuner did not connect in 10 seconds."; }, 10000),
            delay(() => {}, 10000),
            typeof promisify(setTimeout)(1),
        ]));
    """
    spec = find_spec("nni_node")
    assert spec is not None
    assert spec.origin is not None
    done = subprocess.run(
        [Path(spec.origin).with_name("node"), "-e", program],
        env={**os.environ, **server.manager_environment()},
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == [120_000, 10_000, "object"], done.stderr
    assert server._TUNER_S > 120
