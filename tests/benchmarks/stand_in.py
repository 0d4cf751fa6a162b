"""A stand-in for a broker: it answers CONNECT and SUBSCRIBE and then pours prepared packets, as fast as its one client takes them.

Nothing is lost and nothing queues: TCP holds the stand-in back, so the client is always saturated and its CPU time is all that differs. The
stand-in is a thread that does little but `sendall`, so the client has a core to itself.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.benchmarks.corpus import packet

_CHUNK = 1 << 18
_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 8, 12, 14


class StandIn:
    """Serves one client.

    Args:
        stages: What is poured, one after the other, with a short pause before each but the first.
        waits_for_go: Begin when the client publishes to `bench/go`; otherwise a moment after it subscribed.
        pause_s: The pause, in seconds.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, stages: Sequence[bytes | memoryview], *, waits_for_go: bool, pause_s: float = 0.3) -> None:
        self._stages = stages
        self._waits_for_go = waits_for_go
        self._pause_s = pause_s
        self._go = threading.Event()
        self._gone = threading.Event()
        self._writing = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Accept the client and serve it until it leaves."""
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pouring = threading.Thread(target=self._pour, args=(client,), daemon=True)
            pouring.start()
            with suppress(OSError):
                self._listen(client)
            self._gone.set()
            self._go.set()
            pouring.join(10)

    def close(self) -> None:
        """Stop listening; a client that never came is not waited for."""
        self._gone.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self, client: socket.socket) -> None:
        version = 4
        for head, body in _frames(client):
            answer = b""
            match head >> 4:
                case 1:
                    version = body[6]
                    answer = b"\x20\x02\x00\x00" if version == 4 else b"\x20\x03\x00\x00\x00"
                case 8:
                    answer = _suback(body, version)
                case 12:
                    answer = b"\xd0\x00"
                case 3 if (head >> 1) & 3:
                    name = 2 + struct.unpack_from(">H", body)[0]
                    answer = b"\x40\x02" + body[name : name + 2]
                case 14:
                    return
            if answer:
                with self._writing:
                    client.sendall(answer)
            if head >> 4 == 8 and not self._waits_for_go:
                self._go.set()
            if head >> 4 == 3 and body[2:10] == b"bench/go":
                self._go.set()

    def _pour(self, client: socket.socket) -> None:
        self._go.wait()
        with suppress(OSError):
            for stage in self._stages:
                self._gone.wait(self._pause_s)  # what came before is read and done with
                if self._gone.is_set():
                    return
                for part in _parts(memoryview(stage)):
                    with self._writing:
                        client.sendall(part)


def marker(word: str) -> bytes:
    """Return a message that tells a client where it is."""
    return packet(f"bench/{word}", b"")


@contextmanager
def serving(
    stages: Sequence[bytes | memoryview], *, waits_for_go: bool = False, pause_s: float = 0.3
) -> Iterator[StandIn]:
    """Serve one client while the context is open."""
    stand_in = StandIn(stages, waits_for_go=waits_for_go, pause_s=pause_s)
    thread = threading.Thread(target=stand_in.serve, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.close()
        thread.join(10)


def _parts(stage: memoryview) -> Iterator[memoryview]:
    """Cut a stage where packets end, so that an answer to the client may stand between two parts."""
    start = at = 0
    while at < len(stage):
        length, shift, here = 0, 0, at + 1
        while True:
            digit = stage[here]
            length |= (digit & 127) << shift
            here += 1
            shift += 7
            if digit < 128:
                break
        at = here + length
        if at - start >= _CHUNK:
            yield stage[start:at]
            start = at
    if start < at:
        yield stage[start:at]


def _frames(client: socket.socket) -> Iterator[tuple[int, bytes]]:
    with client.makefile("rb") as stream:
        while head := stream.read(1):
            length = shift = 0
            while True:
                digit = stream.read(1)[0]
                length |= (digit & 127) << shift
                shift += 7
                if digit < 128:
                    break
            yield head[0], stream.read(length)


def _suback(body: bytes, version: int) -> bytes:
    at = 2
    if version == 5:
        at += 1 + body[at]
    granted = bytearray()
    while at < len(body):
        at += 2 + struct.unpack_from(">H", body, at)[0] + 1
        granted.append(0)
    properties = b"\x00" if version == 5 else b""
    rest = body[:2] + properties + bytes(granted)
    return bytes([0x90, len(rest)]) + rest
