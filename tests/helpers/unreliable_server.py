"""HTTP server that fails in every way servers do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(ThreadingHTTPServer):
    """Answers each request by the next of its behaviours, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours: list[Callable[[Handler], None]] = [whole]
        self.ranges: list[str | None] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/logs.zip"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers["Range"])
        behaviours = self.server.behaviours
        (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])(self)

    def answer(self, status: int, headers: dict[str, object], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    @property
    def first(self) -> int:
        wanted = self.headers["Range"]
        return int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def whole(request: Handler) -> None:
    send(request, len(CONTENT))


def send(request: Handler, stop: int) -> None:
    """Answer the range asked for, but break off before byte `stop` of the file."""
    first = request.first
    if first >= len(CONTENT):
        request.answer(416, {"Content-Length": 0, "Content-Range": f"bytes */{len(CONTENT)}"})
        return
    headers: dict[str, object] = {"Content-Length": len(CONTENT) - first}
    if first:
        headers["Content-Range"] = f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
    request.answer(206 if first else 200, headers, CONTENT[first:stop])


def truncated(request: Handler) -> None:
    send(request, 100_000)


def stalled(request: Handler) -> None:
    """Sends up to byte 200,000, then nothing; a request for the rest is answered."""
    if request.first >= 200_000:
        whole(request)
        return
    send(request, 200_000)
    request.server.stopped.wait()


def ignoring_range(request: Handler) -> None:
    request.answer(200, {"Content-Length": len(CONTENT)}, CONTENT)


def another_range(request: Handler) -> None:
    body = CONTENT[5:]
    content_range = f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"
    request.answer(206, {"Content-Length": len(body), "Content-Range": content_range}, body)


def without_length(request: Handler) -> None:
    request.answer(200, {}, CONTENT[:150_000])


def wrong(request: Handler) -> None:
    request.answer(200, {"Content-Length": 11}, b"<html>login")


def status(code: int) -> Callable[[Handler], None]:
    return lambda request: request.answer(code, {"Content-Length": 0})


def redirect(location: str) -> Callable[[Handler], None]:
    return lambda request: request.answer(302, {"Content-Length": 0, "Location": location})
