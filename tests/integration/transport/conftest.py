"""Brokers for the transport suite: the in-memory one, and a real Mosquitto with one listener for each kind of access, by both adapters."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import secrets
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pytest

from namespace.servers.programs import find_program
from namespace.servers.settings import tools_folder
from namespace.transport import BrokerUrl, Transport
from namespace.transport.memory import Access, MemoryBroker
from namespace.transport.mqtt import MqttTransport
from namespace.transport.stream import StreamTransport

READER, WRITER = "reader", "writer"
PASSWORDS = {READER: "r-secret", WRITER: "w-secret"}
DENIED_FILTER = "denied/#"

Adapter = type[MqttTransport] | type[StreamTransport]
ADAPTERS: tuple[Adapter, ...] = (MqttTransport, StreamTransport)

_START_ATTEMPTS = 5


class BrokerUnderTest(Protocol):
    """What the suite needs of a broker. Client ids and topics are unique per test, because retained messages outlive it."""

    name: str
    topic: str
    holds_back: bool
    """Whether a slow reader makes it wait; else the session of one who is too slow ends."""

    def transport(self, name: str, *, max_queued_messages: int = 20_000) -> Transport:
        """A way in for anybody."""
        ...

    def account(self, name: str, username: str, password: str) -> Transport:
        """A way in that asks for an account: `reader` may read below `open/` and `closed/`, `writer` may write below `open/`."""
        ...

    def restricted(self, name: str) -> Transport:
        """A way in that refuses subscriptions to `denied/#`."""
        ...

    def unreachable(self, name: str) -> Transport:
        """A way to an address where nobody listens."""
        ...


@dataclass(frozen=True)
class Ports:
    anonymous: int
    accounts: int
    restricted: int
    tls: int


@dataclass(frozen=True)
class Mosquitto:
    ports: Ports
    certificate: Path


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [taken.getsockname()[1] for taken in sockets]
    finally:
        for taken in sockets:
            taken.close()


def _password_entry(name: str, password: str) -> str:
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def _write_configuration(folder: Path, ports: Ports) -> Path:
    (folder / "passwords").write_text("".join(itertools.starmap(_password_entry, PASSWORDS.items())))
    (folder / "acl").write_text(
        f"user {READER}\ntopic read open/#\ntopic read closed/#\n\nuser {WRITER}\ntopic write open/#\n"
    )
    subscribe = {"acltype": "subscribePattern", "topic": "#", "allow": True, "priority": 0}
    denied = {"acltype": "subscribePattern", "topic": DENIED_FILTER, "allow": False, "priority": 1}
    dynamic = {
        "defaultACLAccess": {
            "publishClientSend": True,
            "publishClientReceive": True,
            "subscribe": False,
            "unsubscribe": True,
        },
        "anonymousGroup": "anybody",
        "groups": [{"groupname": "anybody", "roles": [{"rolename": "guest"}]}],
        "roles": [{"rolename": "guest", "acls": [subscribe, denied]}],
        "clients": [],
    }
    (folder / "dynamic-security.json").write_text(json.dumps(dynamic))
    _create_certificate(folder)
    lines = [
        "per_listener_settings true",
        "connection_messages false",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_type information",
        "log_dest stderr",
        "message_size_limit 20000000",
        # Not 0, "unlimited": Mosquitto 2.0.11 then ends the session of whoever publishes without the right to.
        "max_queued_messages 100000",
        "set_tcp_nodelay true",
        *(["user root"] if os.geteuid() == 0 else []),
        f"listener {ports.anonymous} 127.0.0.1",
        "allow_anonymous true",
        f"listener {ports.accounts} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/acl",
        f"listener {ports.restricted} 127.0.0.1",
        "allow_anonymous true",
        f"plugin {_dynamic_security_plugin()}",
        f"plugin_opt_config_file {folder}/dynamic-security.json",
        f"listener {ports.tls} 127.0.0.1",
        "allow_anonymous true",
        f"certfile {folder}/cert.pem",
        f"keyfile {folder}/key.pem",
    ]
    path = folder / "mosquitto.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _library_folders() -> list[Path]:
    """Where Mosquitto's libraries and plugins are: the system's, else those of the extracted package."""
    tools = tools_folder()
    roots = [Path("/usr/lib"), *([] if tools is None else [tools / "usr" / "lib"])]
    return [folder for root in roots for folder in sorted(root.glob("*-linux-gnu"))]


def _dynamic_security_plugin() -> Path:
    for folder in _library_folders():
        plugin = folder / "mosquitto_dynamic_security.so"
        if plugin.exists():
            return plugin
    raise FileNotFoundError("mosquitto_dynamic_security.so, part of Debian's mosquitto package, is nowhere: make setup")


def _create_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=30)


def _start(folder: Path, executable: str) -> tuple[subprocess.Popen[str], Ports] | None:
    """Start on free ports; None when another process took one of them first."""
    ports = Ports(*_free_ports(4))
    configuration = _write_configuration(folder, ports)
    libraries = os.pathsep.join(map(str, _library_folders()))
    process = subprocess.Popen(
        [executable, "-c", str(configuration)],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        if line.rstrip().endswith(" running"):
            return process, ports
    process.wait(timeout=10)
    process.stderr.close()
    if any("Address already in use" in line for line in said):
        return None
    raise RuntimeError("mosquitto did not start:\n" + "".join(said))


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A running Mosquitto."""
    executable = str(find_program("mosquitto", tools=tools_folder()) or "mosquitto")
    folder = tmp_path_factory.mktemp("mosquitto")
    started = next(filter(None, (_start(folder, executable) for _ in range(_START_ATTEMPTS))))
    process, ports = started
    try:
        yield Mosquitto(ports, folder / "cert.pem")
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stderr is not None:
            process.stderr.close()


class MosquittoUnderTest:
    """Mosquitto behind one of the MQTT adapters."""

    def __init__(self, mosquitto: Mosquitto, protocol: Literal[4, 5], adapter: Adapter) -> None:
        self.adapter = adapter
        self.holds_back = adapter is StreamTransport
        self.name = f"mosquitto, MQTT {'5' if protocol == 5 else '3.1.1'}"
        self.topic = f"open/{secrets.token_hex(4)}"
        self.protocol: Literal[4, 5] = protocol
        self.mosquitto = mosquitto

    def transport(self, name: str, *, max_queued_messages: int = 20_000) -> Transport:
        return self._to(self.mosquitto.ports.anonymous, name, max_queued_messages=max_queued_messages)

    def account(self, name: str, username: str, password: str) -> Transport:
        return self._to(self.mosquitto.ports.accounts, name, username, password)

    def restricted(self, name: str) -> Transport:
        return self._to(self.mosquitto.ports.restricted, name)

    def unreachable(self, name: str) -> Transport:
        return self._to(_free_ports(1)[0], name)

    def encrypted(self, name: str, *, trusted: bool) -> Transport:
        """A way in by TLS, trusting the broker's certificate or only the system's."""
        context = ssl.create_default_context(cafile=str(self.mosquitto.certificate)) if trusted else None
        url = BrokerUrl("127.0.0.1", self.mosquitto.ports.tls, tls=True)
        return self.adapter(url, client_id=self._client_id(name), protocol=self.protocol, tls_context=context)

    def _client_id(self, name: str) -> str:
        return f"{name}-{self.topic.removeprefix('open/')}"

    def _to(
        self,
        port: int,
        name: str,
        username: str | None = None,
        password: str | None = None,
        max_queued_messages: int = 20_000,
    ) -> Transport:
        return self.adapter(
            BrokerUrl("127.0.0.1", port, username=username, password=password),
            client_id=self._client_id(name),
            protocol=self.protocol,
            max_queued_messages=max_queued_messages,
        )


class MemoryUnderTest:
    """The in-process broker."""

    def __init__(self) -> None:
        self.name = "memory"
        self.holds_back = False
        self.topic = "open/test"
        self._anonymous = MemoryBroker()
        self._accounts = MemoryBroker(accounts=PASSWORDS, access=self._may)
        self._restricted = MemoryBroker(access=self._may_subscribe)
        self._stopped = MemoryBroker()
        self._stopped.stop()

    def transport(self, name: str, *, max_queued_messages: int = 20_000) -> Transport:
        return self._anonymous.transport(name, max_queued_messages=max_queued_messages)

    def account(self, name: str, username: str, password: str) -> Transport:
        return self._accounts.transport(name, username=username, password=password)

    def restricted(self, name: str) -> Transport:
        return self._restricted.transport(name)

    def unreachable(self, name: str) -> Transport:
        return self._stopped.transport(name)

    @staticmethod
    def _may(account: str | None, access: Access, topic: str) -> bool:
        if access is Access.SUBSCRIBE:
            return True
        if account == READER:
            return access is Access.READ and topic.startswith(("open/", "closed/"))
        return access is Access.WRITE and topic.startswith("open/")

    @staticmethod
    def _may_subscribe(account: str | None, access: Access, topic: str) -> bool:
        return access is not Access.SUBSCRIBE or topic != DENIED_FILTER


@pytest.fixture(
    params=["memory", *((adapter, protocol) for adapter in ADAPTERS for protocol in (4, 5))],
    ids=["memory", "aiomqtt-3.1.1", "aiomqtt-5", "stream-3.1.1", "stream-5"],
)
def broker(request: pytest.FixtureRequest) -> BrokerUnderTest:
    """Each broker in turn."""
    if request.param == "memory":
        return MemoryUnderTest()
    adapter, protocol = request.param
    return MosquittoUnderTest(request.getfixturevalue("mosquitto"), protocol, adapter)


@pytest.fixture(params=ADAPTERS, ids=["aiomqtt", "stream"])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Each way to a real broker in turn."""
    chosen: Adapter = request.param
    return chosen


@pytest.fixture(params=[4, 5], ids=["3.1.1", "5"])
def real_broker(request: pytest.FixtureRequest, mosquitto: Mosquitto, adapter: Adapter) -> MosquittoUnderTest:
    """Mosquitto, for what only exists on a network."""
    return MosquittoUnderTest(mosquitto, request.param, adapter)


@pytest.fixture
def mosquitto5(mosquitto: Mosquitto, adapter: Adapter) -> MosquittoUnderTest:
    """Mosquitto, spoken to in MQTT 5."""
    return MosquittoUnderTest(mosquitto, 5, adapter)
