"""A socket that reads ahead, for a client library that asks for a few bytes at a time.

paho reads each MQTT packet with at least three `recv` calls. Taking what the kernel has in one call and
serving the rest from memory is most of the difference between one message per wake-up and hundreds. It frames
nothing and knows no MQTT.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

_READ_BYTES = 64 * 1024
_DRAIN_READS = 64
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class TidySSLSocket(ssl.SSLSocket):
    """A TLS socket that does not stay open when its handshake fails, for callers that forget to close it."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, as `ssl.SSLSocket` does."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class BufferedSocket:
    """The part of a non-blocking socket that the MQTT client uses, with read-ahead.

    `pending()` tells how much can be read without a system call: the client's event loop integration keeps
    reading while there is.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected socket and switch Nagle's algorithm off: small messages must not wait for an
        acknowledgement.
        """
        self._sock = sock
        self._chunk = b""
        self._position = 0
        self._cut = False
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def recv(self, buffer_size: int) -> bytes:
        """Return at most `buffer_size` bytes; nothing at the end of the stream.

        Raises:
            BlockingIOError: Nothing has arrived (on TLS the `ssl` module's equivalents).
        """
        position = self._position
        if position >= len(self._chunk):
            if self._cut:
                return b""
            if buffer_size >= _READ_BYTES:
                return self._receive(buffer_size)
            self._position = position = 0
            self._chunk = b""
            self._chunk = self._receive(_READ_BYTES)
        data = self._chunk[position : position + buffer_size]
        self._position = position + len(data)
        return data

    def pending(self) -> int:
        """How many bytes can be had without asking the network."""
        buffered = len(self._chunk) - self._position
        if not buffered and not self._cut and isinstance(self._sock, ssl.SSLSocket):
            return self._sock.pending()
        return buffered

    def send(self, buffer: bytes | bytearray) -> int:
        """Send what the kernel takes and return how much that was."""
        return self._sock.send(buffer)

    def fileno(self) -> int:
        """The file descriptor to watch, -1 once closed."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Set blocking mode, as on a socket."""
        self._sock.setblocking(flag)

    def end(self) -> None:
        """End the stream our way: the other side reads everything sent before, and can still be heard."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Forget what was read ahead and end the stream both ways; the next `recv` returns nothing."""
        self._cut = True
        self._chunk = b""
        self._position = 0
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close. Unread input is taken first: closing with some left makes the kernel reset the connection,
        which may cost the broker our last packets.
        """
        if not self._cut:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)
                for _ in range(_DRAIN_READS):
                    if not self._sock.recv(_READ_BYTES):
                        break
        self._sock.close()

    def _receive(self, size: int) -> bytes:
        data = self._sock.recv(size)
        if _QUICK_ACK is not None:
            # Not sticky, hence after each read: without it a broker with Nagle's algorithm on stalls for up
            # to 40 ms.
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        return data
