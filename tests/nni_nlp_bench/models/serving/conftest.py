"""Servers on free ports, in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from threading import Thread
from time import sleep

import httpx
import pytest


@pytest.fixture(scope="session")
def served(saved: Callable[[str], Path]) -> Iterator[Callable[[str], str]]:
    """Address of a server by the kind of its model, without the last slash."""
    from nni_nlp_bench.models.loading import load_model
    from nni_nlp_bench.models.serving.server import bound_socket, make_server

    servers = []
    with ExitStack() as stack:

        @cache
        def start(kind: str) -> str:
            listening = stack.enter_context(bound_socket(0))
            server = make_server(load_model(saved(kind)))
            thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            servers.append((server, thread))
            while not server.started:
                assert thread.is_alive()
                sleep(0.01)
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start
        for server, thread in servers:
            server.should_exit = True
            thread.join(timeout=20)


@pytest.fixture
def client(served: Callable[[str], str]) -> Iterator[Callable[[str], httpx.Client]]:
    """A client of the server of a model by its kind."""
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(
            httpx.Client(base_url=served(kind), timeout=60, trust_env=False)
        )
