"""A sender that keeps to a rate, or to a window of what is not yet taken in, and remembers when it sent each message."""

from __future__ import annotations

import socket
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from typing import Self

from namespace.servers import process
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.stand_in import marker

PASSWORD = "only-for-tests"
"""Of every account at the brokers of `namespace.testing`."""
_TICK_S = 0.0005
_PATIENCE_S = 60.0


class Pacer:
    """One publisher on a real broker. It speaks just enough MQTT 3.1.1.

    Args:
        port: Of the broker.
        account: User name and password; empty for none.
        client_id: Of the session.
    """

    def __init__(self, port: int, *, account: tuple[str, str] | None = None, client_id: str = "bench-pacer") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_connect(client_id, account))
        self._read(4)
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def send(self, packets: bytes | memoryview) -> None:
        """Send prepared packets as fast as the broker takes them."""
        self._socket.sendall(packets)

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()

    def wait_for_go(self, *, subscribed: Callable[[], None] = lambda: None) -> None:
        """Wait until a consumer asks for the traffic."""
        name = b"bench/go"
        self._socket.sendall(bytes([0x82, len(name) + 5, 0, 1, 0, len(name)]) + name + b"\x00")
        self._read(5)
        subscribed()
        self._socket.settimeout(_PATIENCE_S)
        self._read(2)
        self._socket.settimeout(None)

    def paced(self, traffic: Corpus, messages: int, rate: float) -> array[int]:
        """Send data messages at `rate` a second; return when each was sent, in ns of the monotonic clock."""
        data, ends = memoryview(traffic.data), traffic.ends
        times: array[int] = array("q")
        began = time.monotonic_ns()
        start, sent = 0, 0
        while sent < messages:
            due = min(messages, int((time.monotonic_ns() - began) * rate / 1e9) + 1)
            if due > sent:
                now = time.monotonic_ns()
                self._socket.sendall(data[start : ends[due - 1]])
                times.extend([now] * (due - sent))
                start, sent = ends[due - 1], due
            process.pause(_TICK_S)
        return times

    def windowed(self, traffic: Corpus, messages: int, window: int, taken: Callable[[], int]) -> None:
        """Send data messages as fast as they are taken in, at most `window` ahead of `taken`."""
        data, ends = memoryview(traffic.data), traffic.ends
        start, sent = 0, 0
        while sent < messages and not self._stopped.is_set():
            due = min(messages, sent + 500, taken() + window)
            if due > sent:
                self._socket.sendall(data[start : ends[due - 1]])
                start, sent = ends[due - 1], due
            else:
                process.pause(0.002)

    def _read(self, count: int) -> None:
        while count:
            part = self._socket.recv(count)
            if not part:
                raise ConnectionError("the broker closed the connection of the benchmark's sender")
            count -= len(part)


def paced_traffic(port: int, traffic: Corpus, messages: int, rate: float) -> tuple[threading.Thread, list[array[int]]]:
    """Wait for a consumer in a thread of its own, then send births and paced data; the list gets the times.

    Args:
        port: Of the broker.
        traffic: What is sent.
        messages: How many data messages.
        rate: Messages a second.
    """
    sent: list[array[int]] = []
    ready = threading.Event()

    def send() -> None:
        with Pacer(port) as pacer:
            pacer.wait_for_go(subscribed=ready.set)
            pacer.send(traffic.births)
            process.pause(0.5)
            pacer.send(marker("begin"))
            process.pause(0.2)
            sent.append(pacer.paced(traffic, messages, rate))
            process.pause(0.2)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    ready.wait(_PATIENCE_S)
    return thread, sent


def percentile(figures: Sequence[float], share: float) -> float:
    """Return the figure below which `share` of all lie."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _connect(client_id: str, account: tuple[str, str] | None) -> bytes:
    def text(value: str) -> bytes:
        raw = value.encode()
        return len(raw).to_bytes(2, "big") + raw

    flags = 0x02 | (0xC0 if account else 0)
    body = text("MQTT") + bytes([4, flags, 0, 0]) + text(client_id) + b"".join(map(text, account or ()))
    length = len(body)
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return b"\x10" + bytes(digits) + body
