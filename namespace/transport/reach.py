"""A TCP connection to a broker at which everybody arrives at once.

The queue of connections that a broker has not accepted yet is short; Mosquitto's holds a hundred. What comes while it is full, the kernel
drops without a word, and our own kernel asks again after 1, 3 and 7 s: behind all who came meanwhile. A host that comes back so late has
missed the births of a thousand edge nodes. Hence an attempt is given little time at first, and the next one begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_FIRST_S = 0.2
"""Longer than an answer takes on most networks, and shorter than any kernel waits."""

_Address = tuple[int, int, int, str, Any]


def patiences(limit_s: float) -> Iterator[float]:
    """Yield how long each attempt may take, in seconds: twice as long each time, `limit_s` together."""
    patience_s = _FIRST_S
    while limit_s > 0:
        yield min(patience_s, limit_s)
        limit_s -= patience_s
        patience_s *= 2


async def reach(host: str, port: int, limit_s: float) -> socket.socket:
    """Connect.

    Args:
        host: Name or address.
        port: TCP port.
        limit_s: Longest wait for an answer, in seconds, once the name is resolved.

    Raises:
        TimeoutError: No answer in time.
        OSError: The name is not known, or nobody listens.
    """
    addresses = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for patience_s in patiences(limit_s):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await _connected(addresses)
        addresses.append(addresses.pop(0))  # one that does not answer must not stand before one that would
    raise TimeoutError(_unanswered(limit_s))


def reach_blocking(host: str, port: int, limit_s: float, *, is_wanted: Callable[[], bool]) -> socket.socket:
    """Connect in a thread of its own; like `reach`.

    Args:
        host: Name or address.
        port: TCP port.
        limit_s: Longest wait for an answer, in seconds.
        is_wanted: Asked before each attempt.

    Raises:
        ConnectionAbortedError: It is wanted no more.
        TimeoutError: No answer in time.
        OSError: The name is not known, or nobody listens.
    """
    for patience_s in patiences(limit_s):
        if not is_wanted():
            raise ConnectionAbortedError("nobody waits for this connection any more")
        with contextlib.suppress(TimeoutError):
            connected = socket.create_connection((host, port), timeout=patience_s)
            connected.settimeout(limit_s)
            return connected
    raise TimeoutError(_unanswered(limit_s))


async def _connected(addresses: Sequence[_Address]) -> socket.socket:
    """Connect to the first of the addresses that takes us."""
    refusal: OSError | None = None
    for family, kind, protocol, _, address in addresses:
        connected = socket.socket(family, kind, protocol)
        try:
            connected.setblocking(False)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(connected, address)
        except OSError as error:
            connected.close()
            refusal = refusal or error
        except BaseException:
            connected.close()
            raise
        else:
            return connected
    raise refusal or OSError("the name has no address")


def _unanswered(limit_s: float) -> str:
    return f"no answer within {limit_s:g} s"
