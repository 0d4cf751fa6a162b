"""Where pages are served, and who is told when that cannot be."""

import socket
from pathlib import Path

import pytest
from starlette.applications import Starlette

from namespace.runtime import SettingsError, read_settings
from services.console.adapters.demo_users import DemoUsers
from services.console.adapters.settings import ConsoleSettings
from services.console.adapters.web_server import WebServer
from services.console.application.accounts import Accounts
from services.console.domain.passwords import ScryptCost
from services.console.domain.roles import Role
from tests.fakes.console_accounts import MemorySessions, MemoryUsers
from tests.unit.console.conftest import START


def test_pages_are_served_on_loopback_unless_told_otherwise() -> None:
    settings = read_settings(ConsoleSettings, {})
    assert (settings.console_host, settings.console_port, settings.demo) == ("127.0.0.1", 8080, False)
    settings.check_exposure(allow_plaintext=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "plant.example"])
def test_plain_http_beyond_loopback_needs_a_word(host: str) -> None:
    settings = read_settings(ConsoleSettings, {"UNS_CONSOLE_HOST": host})
    with pytest.raises(SettingsError, match="UNS_ALLOW_PLAINTEXT"):
        settings.check_exposure(allow_plaintext=False)
    settings.check_exposure(allow_plaintext=True)


async def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(Starlette(), host="127.0.0.1", port=port, leaving=lambda: None)
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port}.*UNS_CONSOLE_PORT"):
            await server.bind()


async def test_demo_users_are_made_once_and_their_passwords_kept_for_the_owner_alone(tmp_path: Path) -> None:
    users = MemoryUsers()
    accounts = Accounts(users, MemorySessions(), now=lambda: START, cost=ScryptCost(log2_n=2, r=1))
    demo = DemoUsers(tmp_path)
    await demo.ensure(accounts)
    first, hashes = demo.file.read_text(), {user.user_id: user.password_hash for user in users.by_id.values()}
    assert set(hashes) == {role.value for role in Role}
    assert demo.file.stat().st_mode & 0o077 == 0
    await demo.ensure(accounts)
    assert demo.file.read_text() == first
    assert {user.user_id: user.password_hash for user in users.by_id.values()} == hashes


async def test_a_demo_whose_database_was_lost_gets_the_passwords_that_are_written_down(tmp_path: Path) -> None:
    import json

    demo = DemoUsers(tmp_path)
    await demo.ensure(Accounts(MemoryUsers(), MemorySessions(), now=lambda: START, cost=ScryptCost(log2_n=2, r=1)))
    written = {user["user"]: user["password"] for user in json.loads(demo.file.read_text())}
    accounts = Accounts(MemoryUsers(), MemorySessions(), now=lambda: START, cost=ScryptCost(log2_n=2, r=1))
    await demo.ensure(accounts)
    assert await accounts.sign_in("supervisor", written["supervisor"], "127.0.0.1")
