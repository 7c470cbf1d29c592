"""What stands before the app: limits on bodies, security headers, and one log line and metric a request."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sharewise.serve.http.metrics import Metrics

# The page needs nothing from elsewhere, and may ask nobody but this server.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class BodyLimit:
    """Refuses bodies that are too large (413), as soon as that is known, and other media types than JSON (415).

    Args:
        app: what comes after.
        limits: path -> bytes; other paths take the smallest of them.
        json_paths: paths whose bodies must be declared as JSON, so that no page of another origin can send one.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, int], json_paths: frozenset[str]) -> None:
        self.app = app
        self.limits = limits
        self.json_paths = json_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self.limits.get(scope["path"], min(self.limits.values()))
        if scope["method"] == "POST" and scope["path"] in self.json_paths:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                await _refuse(send, 415, "the body must be application/json")
                return
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            await _refuse(send, 413, f"the body has more than {limit:,} bytes")
            return
        received = 0
        refused = started = False

        async def counted() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                refused = True
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            # What the app makes of the interrupted body is no answer.
            if not refused:
                started = True
                await send(message)

        with suppress(_TooLarge):
            await self.app(scope, counted, watched)
        if refused and not started:
            await _refuse(send, 413, f"the body has more than {limit:,} bytes")


class _TooLarge(Exception):
    """The body went over the limit."""


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What is left of the body is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Observed:
    """Adds security headers, counts, and logs a JSON line a request: never a text, a token or a query.

    Args:
        app: what comes after.
        metrics: is told of every request.
        paths: those that are counted by name; others are counted together.
        log: takes a line; standard error if None.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, paths: frozenset[str], log: Callable[[str], Any] | None = None
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.paths = paths
        self.log = log or (lambda line: sys.stderr.write(line + "\n"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        scope.setdefault("state", {})

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.metrics.on_request(path, status, seconds)
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": scope["method"],
                "path": path,
                "status": status,
                "milliseconds": round(seconds * 1000, 2),
            }
            texts = scope["state"].get("texts")
            self.log(json.dumps(line if texts is None else {**line, "texts": texts}))
