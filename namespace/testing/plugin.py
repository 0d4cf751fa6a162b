"""The pytest plugin: fixtures with real servers.

Load it with `pytest_plugins = ["namespace.testing.plugin"]` in the topmost conftest.py. The servers start
with the first test that asks for one and stop with the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from namespace.servers.postgres import Postgres
from namespace.testing.servers import (
    NewDatabase,
    TestBroker,
    database_maker,
    running_broker,
    running_postgres,
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL shared by the tests of this process: `new_database` makes a schema of your own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(postgres: Postgres) -> NewDatabase:
    """Make empty schemas with roles of their own; the test awaits it with the name of a service."""
    return database_maker(postgres)


@pytest.fixture
def start_postgres() -> Iterator[Callable[[], Postgres]]:
    """Starts a PostgreSQL that this test alone uses and may kill."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running_postgres())


@pytest.fixture(scope="session")
def broker() -> Iterator[TestBroker]:
    """A real Mosquitto, shared by the tests of this process; never kill it: see `start_broker`."""
    with running_broker() as server:
        yield server


@pytest.fixture
def start_broker() -> Iterator[Callable[[], TestBroker]]:
    """Starts a Mosquitto that this test alone uses and may kill."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running_broker())
