"""Liveness, readiness with reasons, and Prometheus metrics of one process, on a loopback port of its own.

A handful of fixed answers needs no web framework (ARCHITECTURE: import cost is start-up cost), so this speaks just enough HTTP/1.1 for
a probe: one GET, one answer, connection closed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, generate_latest

_READ_LIMIT_S = 5.0
_STATUS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


class Health:
    """Why a process is not ready, by part. A part that never spoke up is ready."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._remarks: dict[str, str] = {}
        self.changed = asyncio.Event()

    def not_ready(self, part: str, reason: str) -> None:
        """Say that `part` does not do its work, and why, in words for people."""
        if self._reasons.get(part) != reason:
            self._reasons[part] = reason
            self.changed.set()

    def ready(self, part: str) -> None:
        """Say that `part` does its work."""
        if self._reasons.pop(part, None) is not None:
            self.changed.set()

    def remark(self, part: str, text: str | None) -> None:
        """Say what people should know of a part that does its work; None when there is nothing to say any more."""
        if text is None:
            self._remarks.pop(part, None)
        else:
            self._remarks[part] = text

    @property
    def remarks(self) -> dict[str, str]:
        """What people should know of parts that do their work."""
        return dict(self._remarks)

    @property
    def reasons(self) -> dict[str, str]:
        """Why the process is not ready, by part; empty when it is."""
        return dict(self._reasons)

    @property
    def is_ready(self) -> bool:
        """Whether every part does its work."""
        return not self._reasons


@asynccontextmanager
async def serve_health(health: Health, registry: CollectorRegistry, *, port: int) -> AsyncIterator[int]:
    """Serve `/live`, `/ready` and `/metrics` on loopback while the context is open.

    Args:
        health: What `/ready` tells.
        registry: What `/metrics` tells.
        port: TCP port; 0 picks a free one.

    Yields:
        The port.

    Raises:
        OSError: The port is taken.
    """

    def respond(path: str) -> tuple[int, str, bytes]:
        match path:
            case "/live":
                return 200, "application/json", b'{"live":true}'
            case "/ready":
                body = json.dumps(
                    {"ready": health.is_ready, "reasons": health.reasons, "remarks": health.remarks}
                ).encode()
                return (200 if health.is_ready else 503), "application/json", body
            case "/metrics":
                return 200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(registry)
            case _:
                return 404, "text/plain", b"here are /live, /ready and /metrics\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_LIMIT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("ascii", "replace").split("?")[0]
            status, content_type, body = respond(target)
            writer.write(
                f"HTTP/1.1 {status} {_STATUS[status]}\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass  # a probe that hangs up or sends something else gets no answer
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
