"""Real servers for tests: one PostgreSQL and one Mosquitto a test run (each xdist worker has its own).

Tests share the servers and never their data: every test takes a role and schema, or an account, of its own. A
test that kills a server asks for one that nobody else uses. Nothing of a run is kept.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from namespace.contracts.access import AccessRule, read, write
from namespace.servers import ports, process
from namespace.servers.acl import BrokerAccount, hash_password
from namespace.servers.database_roles import ensure_service_roles, service_dsn
from namespace.servers.mosquitto import Mosquitto
from namespace.servers.postgres import DATABASE, Postgres
from namespace.servers.probe import SignIn, sign_in
from namespace.servers.settings import tools_folder

EVERYTHING = (read("#"), write("#"))
"""Rights of an account that a test uses without caring about rights."""

_PASSWORD = "only-for-tests"


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A schema of its own with a role of its own, as a service has one.

    Args:
        dsn: Address with which the role signs in.
        schema: Name of the schema and of the role.
    """

    dsn: str
    schema: str


NewDatabase = Callable[..., Awaitable[ServiceDatabase]]
"""`await new_database("oee")` makes an empty schema; the name is part of its real, unique name."""


@dataclass
class TestBroker:
    """A running Mosquitto whose accounts a test makes as it needs them."""

    __test__ = False
    server: Mosquitto
    _accounts: dict[str, BrokerAccount] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self.server.port

    def add_account(self, name: str, rules: Iterable[AccessRule] = EVERYTHING) -> str:
        """Make (or replace) an account and return its URL; the broker knows it when this returns."""
        self._accounts[name] = BrokerAccount(name, hash_password(_PASSWORD), tuple(rules))
        # A marker account that the broker cannot know yet shows when it has read the new files.
        marker = f"generation-{next(_generation)}"
        known = [*self._accounts.values(), BrokerAccount(marker, hash_password(_PASSWORD), ())]
        self.server.set_accounts(known)
        for _ in range(200):
            if sign_in(ports.LOOPBACK, self.port, marker, _PASSWORD) is SignIn.ACCEPTED:
                return self.url(name)
            process.pause(0.02)
        raise AssertionError(f"the broker does not accept account {name}")

    def url(self, name: str, password: str = _PASSWORD) -> str:
        """Return the address with which account `name` signs in."""
        return f"mqtt://{quote(name)}:{quote(password)}@{ports.LOOPBACK}:{self.port}"

    def kill(self) -> None:
        """Cut the broker off as a power cut would."""
        self.server.kill()

    def start(self) -> None:
        """Start it again on the same port with the same accounts and what it had saved."""
        self.server.start()


_generation = itertools.count()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder that the servers' user can enter (pytest's own are closed to others) and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="uns-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run an empty PostgreSQL that trades crash safety of the disk for speed."""
    with scratch_folder() as folder:
        server = Postgres(folder, password=_PASSWORD, log_file=folder / "postgres.log", durable=False)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_broker() -> Iterator[TestBroker]:
    """Run an empty Mosquitto on a free port with one account `test` that may do everything."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        server = Mosquitto(
            folder,
            port=ports.free_port(),
            log_file=folder / "mosquitto.log",
            tools=tools_folder(),
            log_connections=False,
        )
        server.prepare()
        server.start()
        stack.callback(server.stop)
        broker = TestBroker(server)
        broker.add_account("test")
        yield broker


def database_maker(server: Postgres) -> NewDatabase:
    """Return a function that makes a schema and role of its own at `server` with each call."""
    numbers = itertools.count(1)

    async def make(service: str = "service") -> ServiceDatabase:
        name = f"{service}_{next(numbers)}"
        await ensure_service_roles(server.dsn("postgres"), {name: _PASSWORD}, exclusive=True, database=DATABASE)
        return ServiceDatabase(service_dsn(server.dsn(), name, _PASSWORD), name)

    return make
