"""Reading ahead on a real socket pair."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from namespace.transport.buffered_socket import BufferedSocket


@pytest.fixture
def pair() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    buffered = BufferedSocket(ours)
    yield buffered, theirs
    buffered.close()
    theirs.close()


Pair = tuple[BufferedSocket, socket.socket]


def test_small_reads_are_served_from_one_large_one(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"abcdef")
    assert ours.pending() == 0
    assert ours.recv(1) == b"a"
    assert ours.pending() == 5
    assert ours.recv(3) == b"bcd"
    assert ours.recv(100) == b"ef"
    assert ours.pending() == 0


def test_nothing_there_raises_as_a_socket_does(pair: Pair) -> None:
    ours, theirs = pair
    with pytest.raises(BlockingIOError):
        ours.recv(1)
    theirs.sendall(b"a")
    ours.recv(1)
    with pytest.raises(BlockingIOError):
        ours.recv(1)


def test_the_end_of_the_stream_comes_after_what_was_sent(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"ab")
    theirs.shutdown(socket.SHUT_WR)
    assert [ours.recv(1), ours.recv(1), ours.recv(1), ours.recv(1)] == [b"a", b"b", b"", b""]


def test_abort_forgets_what_was_read_and_tells_the_other_side(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"abc")
    ours.recv(1)
    ours.abort()
    assert ours.pending() == 0
    assert ours.recv(1) == b""
    assert theirs.recv(1) == b""


def test_close_takes_unread_input_first_so_that_the_connection_is_not_reset() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(server.getsockname())
    theirs, _ = server.accept()
    with server, theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours)
        theirs.sendall(b"never read")
        buffered.send(b"last words")
        buffered.close()
        theirs.settimeout(10)
        assert theirs.recv(100) == b"last words"
        assert theirs.recv(100) == b""
    assert buffered.fileno() == -1
