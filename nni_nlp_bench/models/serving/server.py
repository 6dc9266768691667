"""The server process: its socket, and how it ends."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.serving.app import make_app
from nni_nlp_bench.training.threads import torch_threads

ADDRESS = "127.0.0.1"
MAX_CONNECTIONS = 64
GRACE_S = 5
"""Seconds that open requests have at the end."""


def serve(model: AnyModel, port: int, threads: int, started: Callable[[str], None]) -> None:
    """Serve a model on 127.0.0.1 until SIGINT or SIGTERM.

    Args:
        model: The model.
        port: The port; 0 for a free one.
        threads: Number of CPU threads.
        started: Called with the address of the page.

    Raises:
        UserError: The port cannot be used, or there are too few CPUs.
    """
    with bound_socket(port) as listening, torch_threads(threads, 0), _signals_ignored():
        server = make_server(model)
        started(f"http://{ADDRESS}:{listening.getsockname()[1]}/")
        server.run(sockets=[listening])


def make_server(model: AnyModel) -> uvicorn.Server:
    """Return the server of a model."""
    return uvicorn.Server(
        uvicorn.Config(
            make_app(model),
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


@contextmanager
def bound_socket(port: int) -> Iterator[socket.socket]:
    """Context of a socket on 127.0.0.1. Raises UserError."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
            listening.listen()  # else another process can bind the same port
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UserError(f"port {port} is in use: choose another --port") from None
            raise UserError(f"cannot use port {port}: {error.strerror or error}") from None
        yield listening


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """Ignore the signals that uvicorn, having stopped at them, raises again."""
    stopping = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Any] = {each: signal.signal(each, lambda *_: None) for each in stopping}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
