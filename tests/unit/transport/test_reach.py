"""Connecting to a broker whose queue of new connections is full."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from namespace.transport import reach as reaching
from namespace.transport.reach import patiences, reach, reach_blocking

_LONG_S = 60.0


class FullServer:
    """Listens, and does not accept until told: what comes then the kernel drops.

    Attributes:
        port: Where.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._listening = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=1)))
        self._listening.settimeout(0.01)
        self.port: int = self._listening.getsockname()[1]
        with pytest.raises(TimeoutError):
            while True:
                stack.enter_context(closing(socket.create_connection(("127.0.0.1", self.port), timeout=0.1)))

    def accept(self) -> None:
        """Take in all who wait."""
        with pytest.raises(TimeoutError):
            while True:
                self._stack.enter_context(closing(self._listening.accept()[0]))


@pytest.fixture
def full() -> Iterator[FullServer]:
    with ExitStack() as stack:
        yield FullServer(stack)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "_FIRST_S", 0.02)


def test_attempts_are_given_twice_as_long_each_time_and_so_much_together() -> None:
    assert list(patiences(0.1)) == pytest.approx([0.02, 0.04, 0.04])
    assert list(patiences(0.06)) == pytest.approx([0.02, 0.04])


async def test_who_is_dropped_asks_anew_and_does_not_wait_for_the_kernel(
    full: FullServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[Any] = []
    connected = reaching._connected

    async def counted(addresses: Any) -> socket.socket:
        attempts.append(addresses)
        if len(attempts) == 3:
            full.accept()
        return await connected(addresses)

    monkeypatch.setattr(reaching, "_connected", counted)
    with closing(await reach("127.0.0.1", full.port, _LONG_S)) as ours:
        assert ours.getpeername() == ("127.0.0.1", full.port)
    assert len(attempts) >= 3


async def test_a_thread_asks_anew_too(full: FullServer) -> None:
    asked: list[bool] = []

    def is_wanted() -> bool:
        asked.append(True)
        if len(asked) == 3:
            full.accept()
        return True

    ours = await asyncio.to_thread(reach_blocking, "127.0.0.1", full.port, _LONG_S, is_wanted=is_wanted)
    with closing(ours):
        assert ours.getpeername() == ("127.0.0.1", full.port)
        assert ours.gettimeout() == _LONG_S


async def test_who_is_never_answered_is_told_so(full: FullServer) -> None:
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"):
        await reach("127.0.0.1", full.port, 0.1)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"):
        reach_blocking("127.0.0.1", full.port, 0.1, is_wanted=lambda: True)


def test_a_thread_that_nobody_waits_for_makes_no_further_attempt(full: FullServer) -> None:
    wanted = iter((True, True, False))
    with pytest.raises(ConnectionAbortedError):
        reach_blocking("127.0.0.1", full.port, _LONG_S, is_wanted=lambda: next(wanted))


async def test_where_nobody_listens_that_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await reach("127.0.0.1", port, _LONG_S)
    with pytest.raises(ConnectionRefusedError):
        reach_blocking("127.0.0.1", port, _LONG_S, is_wanted=lambda: True)


async def test_of_several_addresses_the_first_that_takes_us_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with closing(await reach("localhost", port, _LONG_S)) as ours:
            assert ours.getpeername() == ("127.0.0.1", port)


async def test_an_address_that_does_not_answer_does_not_stand_before_one_that_does(
    full: FullServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]

        async def two(*_: object, **__: object) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", each)) for each in (full.port, port)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
        with closing(await reach("broker", 1883, _LONG_S)) as connected:
            assert connected.getpeername()[1] == port
