"""Middleware that refuses what does not come from this machine's own pages and programs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

MAX_BODY = 2**22
"""Bytes of a request."""
_LOCAL = re.compile(r"(?:127\.0\.0\.1|localhost)(?::\d{1,5})?")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class LocalRequestsOnly:
    """Middleware that refuses foreign Host and Origin headers, other bodies than JSON, and large
    ones.

    A web page whose name points to 127.0.0.1 sends that name as the Host, and any other page its
    own address as the Origin.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":  # no web sockets
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message.setdefault("headers", [])).update(_HEADERS)
            await send(message)

        body: bytes | None = b""
        refused = _refusal(Headers(scope=scope), scope["method"])
        if refused is None:
            body = await _read(receive)
            if body is None:
                refused = 413, f"the request is larger than {MAX_BODY:,} bytes"
        if refused is not None:
            status, error = refused
            await JSONResponse({"error": error}, status)(scope, receive, send_safely)
            return

        async def replay() -> Message:
            nonlocal body
            if body is None:
                return await receive()  # waits for the end of the connection
            message = {"type": "http.request", "body": body, "more_body": False}
            body = None
            return message

        await self._app(scope, replay, send_safely)


def _refusal(headers: Headers, method: str) -> tuple[int, str] | None:
    """Return status and reason if the headers are refused."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not _LOCAL.fullmatch(host):
        return 403, "the Host header is not 127.0.0.1 or localhost"
    if origin is not None and origin != f"http://{host}":
        return 403, "requests of pages from another origin are refused"
    if method == "POST":
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return 415, "the Content-Type must be application/json"
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length[:20]) > MAX_BODY:
        return 413, f"the request is larger than {MAX_BODY:,} bytes"
    return None


async def _read(receive: Receive) -> bytes | None:
    """Return the body; None if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
