"""The broker of our own: sign-in, rights, reload without a restart, and what a person reads when it cannot start."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from namespace.contracts.access import edge_node_rules, read
from namespace.servers import ports
from namespace.servers.errors import ServerError
from namespace.servers.mosquitto import Mosquitto
from namespace.servers.probe import SignIn, sign_in
from namespace.testing.servers import TestBroker, scratch_folder
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from tests.chaos import hostile

_PUBLISH = 3
StartBroker = Callable[[], TestBroker]


async def first_topics(transport: MqttTransport, topic_filter: str, publish: Callable[[], object]) -> list[str]:
    """Subscribe, call `publish`, and return the topics of what it published, up to the one named `last`."""
    topics: list[str] = []
    async with transport.connect() as connection:
        await connection.subscribe([(topic_filter, 1)])
        result = publish()
        if hasattr(result, "__await__"):
            await result  # type: ignore[misc]
        async for batch in connection.batches():
            topics += [message.topic for message in batch if not message.retain]  # what others left is not of this test
            if topics and topics[-1].endswith("last"):
                break
    return topics


def test_a_wrong_password_and_an_unknown_account_are_refused(broker: TestBroker) -> None:
    broker.add_account("press")
    assert sign_in("127.0.0.1", broker.port, "press", "only-for-tests") is SignIn.ACCEPTED
    assert sign_in("127.0.0.1", broker.port, "press", "guess") is SignIn.REFUSED
    assert sign_in("127.0.0.1", broker.port, "nobody-we-know", "only-for-tests") is SignIn.REFUSED


def test_nobody_there_and_not_a_broker_are_told_apart() -> None:
    assert sign_in("127.0.0.1", ports.free_port(), "a", "b", timeout_s=1) is SignIn.UNREACHABLE


async def test_an_edge_node_publishes_as_itself_and_as_nobody_else(broker: TestBroker) -> None:
    press = MqttTransport(BrokerUrl.parse(broker.add_account("press", edge_node_rules("Line", "press"))), client_id="p")
    everything = MqttTransport(BrokerUrl.parse(broker.url("test")), client_id="all")

    async def publish() -> None:
        async with press.connect() as connection:
            for topic in ("Line/NDATA/other", "Line/NCMD/press", "Line/DCMD/press/x", "Other/NDATA/press"):
                await connection.publish(f"spBv1.0/{topic}", b"", qos=0)
            await connection.publish("spBv1.0/Line/NDATA/press", b"", qos=0)
            await connection.publish("spBv1.0/Line/DDATA/press/last", b"", qos=0)

    topics = await first_topics(everything, "spBv1.0/#", publish)
    assert topics == ["spBv1.0/Line/NDATA/press", "spBv1.0/Line/DDATA/press/last"]


async def test_an_account_that_may_only_read_one_topic_hears_nothing_else(broker: TestBroker) -> None:
    narrow = MqttTransport(BrokerUrl.parse(broker.add_account("narrow", [read("a/last")])), client_id="n")
    writer = MqttTransport(BrokerUrl.parse(broker.url("test")), client_id="w")

    async def publish() -> None:
        async with writer.connect() as connection:
            await connection.publish("a/secret", b"", qos=1)
            await connection.publish("a/last", b"", qos=1)

    assert await first_topics(narrow, "a/+", publish) == ["a/last"]


def test_a_killed_broker_starts_again_with_its_accounts(start_broker: StartBroker) -> None:
    broker = start_broker()
    broker.kill()
    assert sign_in("127.0.0.1", broker.port, "test", "only-for-tests") is SignIn.UNREACHABLE
    broker.start()
    assert sign_in("127.0.0.1", broker.port, "test", "only-for-tests") is SignIn.ACCEPTED


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="read from /proc")
def test_a_broker_takes_more_connections_than_the_usual_limit_of_open_files(start_broker: StartBroker) -> None:
    """A thousand edge nodes found no room beside the services where a shell allows 1,024 open files."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most == resource.RLIM_INFINITY or most > 1_024, "this machine allows no more"
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, most))
    try:
        broker = start_broker()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    limits = Path(f"/proc/{broker.server.pid}/limits").read_text(encoding="ascii")
    (of_files,) = (line.split() for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(of_files[3]) > 1_024


def test_a_subscriber_that_is_slow_for_a_moment_gets_every_retained_topic(start_broker: StartBroker) -> None:
    """They go out in one piece: a site of 100,000 metrics has more than the broker used to hold for one client."""
    broker, topics = start_broker(), 150_000
    url = BrokerUrl.parse(broker.add_account("many"))
    with signed_in(url, "writer") as writer, signed_in(url, "reader") as reader:
        retained = (b"\x31" + hostile.publish(f"many/{number}", b"x" * 100)[1:] for number in range(topics))
        for packets in iter(lambda: b"".join(islice(retained, 1_000)), b""):
            writer.sendall(packets)
        answered(writer)
        reader.sendall(hostile.subscribe("many/#"))
        answered(writer)
        answered(writer)  # by now all of it is on its way
        heard, stream = 0, reader.makefile("rb")
        while heard < topics:
            first, length = stream.read(2)
            heard += first >> 4 == _PUBLISH
            stream.read(length)


@contextmanager
def signed_in(url: BrokerUrl, client_id: str) -> Iterator[socket.socket]:
    """Yield a connection that nobody reads and of which the machine holds little."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(20)
        connection.connect((url.host, url.port))
        connection.sendall(hostile.connect(url, client_id))
        assert connection.recv(4) == b"\x20\x02\x00\x00"
        yield connection


def answered(connection: socket.socket) -> None:
    """Return once the broker has taken in what was sent before, and what others had sent before an earlier answer."""
    connection.sendall(b"\xc0\x00")
    assert connection.recv(2) == b"\xd0\x00"


def test_a_port_in_use_names_the_other_broker_and_the_way_out(start_broker: StartBroker) -> None:
    first = start_broker()
    with scratch_folder() as folder:
        second = Mosquitto(folder, port=first.port, log_file=folder / "log")
        with pytest.raises(ServerError) as caught:
            second.start()
    assert f"port {first.port} is in use by mosquitto (process {first.server.pid})" in caught.value.what
    assert f"UNS_BROKER_PORT={first.port + 1}" in caught.value.remedy


def test_a_machine_without_mosquitto_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("namespace.servers.mosquitto.find_program", lambda _name, **_tools: None)
    with scratch_folder() as folder, pytest.raises(ServerError) as caught:
        Mosquitto(folder, port=ports.free_port(), log_file=folder / "log").start()
    assert "make setup" in caught.value.remedy


def test_credentials_are_readable_by_the_broker_alone(broker: TestBroker) -> None:
    for name in ("passwords", "acl"):
        path: Path = broker.server.folder / name
        assert path.stat().st_mode & 0o077 == 0
