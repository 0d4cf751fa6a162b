"""Signing in and what follows."""

from datetime import UTC, datetime, timedelta

import pytest

from services.console.application.accounts import Accounts, SignInRefused
from services.console.domain.accounts import SessionPolicy, UserIdRefused, check_user_id, token_hash
from services.console.domain.passwords import PasswordRefused, ScryptCost
from services.console.domain.roles import Role
from services.console.ports import NotFound
from tests.fakes.console_accounts import MemorySessions, MemoryUsers

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class World:
    """Accounts with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = START
        self.users = MemoryUsers()
        self.sessions = MemorySessions()
        self.accounts = Accounts(
            self.users,
            self.sessions,
            now=lambda: self.now,
            policy=SessionPolicy(idle_s=3600, longest_s=7200, touch_s=60),
            cost=ScryptCost(log2_n=2, r=1),
        )


@pytest.fixture
async def world() -> World:
    world = World()
    await world.accounts.add("ann", "Ann Alder", Role.OPERATOR, "correct-horse")
    return world


async def test_the_right_password_opens_a_session(world: World) -> None:
    found = await world.accounts.sign_in(" Ann ", "correct-horse", "10.0.0.7")
    again = await world.accounts.session(found.token)
    assert again is not None
    assert again.user.role is Role.OPERATOR
    assert found.token not in world.sessions.by_hash
    assert token_hash(found.token) in world.sessions.by_hash


@pytest.mark.parametrize("user", ["ann", "nobody"])
async def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(world: World, user: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        await world.accounts.sign_in(user, "wrong-horse", "10.0.0.7")
    assert refused.value.code == "wrong"


@pytest.mark.parametrize("user", ["ann", "nobody"])
async def test_guessing_is_slowed_down_whether_the_user_exists_or_not(world: World, user: str) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await world.accounts.sign_in(user, "wrong-horse", "10.0.0.7")
    with pytest.raises(SignInRefused) as refused:
        await world.accounts.sign_in(user, "correct-horse", "10.0.0.7")
    assert (refused.value.code, refused.value.wait_s) == ("throttled", 5.0)


async def test_after_the_wait_the_right_password_opens(world: World) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await world.accounts.sign_in("ann", "wrong-horse", "10.0.0.7")
    world.now += timedelta(seconds=5)
    assert await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")


async def test_one_address_that_guesses_many_names_is_slowed_down(world: World) -> None:
    for number in range(20):
        with pytest.raises(SignInRefused):
            await world.accounts.sign_in(f"user-{number}", "wrong-horse", "10.0.0.7")
    with pytest.raises(SignInRefused) as refused:
        await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    assert refused.value.code == "throttled"
    assert await world.accounts.sign_in("ann", "correct-horse", "10.0.0.8")


async def test_an_unused_session_ends(world: World) -> None:
    found = await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    world.now += timedelta(seconds=3601)
    assert await world.accounts.session(found.token) is None


async def test_use_keeps_a_session_alive_but_not_for_ever(world: World) -> None:
    found = await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    for _ in range(3):
        world.now += timedelta(seconds=2000)
        assert await world.accounts.session(found.token) is not None
    world.now += timedelta(seconds=2000)
    assert await world.accounts.session(found.token) is None


async def test_signing_out_ends_the_session_at_the_server(world: World) -> None:
    found = await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    await world.accounts.sign_out(found.token)
    assert await world.accounts.session(found.token) is None


async def test_a_disabled_user_is_out_at_once_and_stays_out(world: World) -> None:
    found = await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    await world.accounts.set_disabled("ann", disabled=True)
    assert await world.accounts.session(found.token) is None
    with pytest.raises(SignInRefused):
        await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    await world.accounts.set_disabled("ann", disabled=False)
    assert await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")


async def test_a_new_password_ends_the_sessions_of_the_old_one(world: World) -> None:
    found = await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    await world.accounts.set_password("ann", "another-horse")
    assert await world.accounts.session(found.token) is None
    assert await world.accounts.sign_in("ann", "another-horse", "10.0.0.7")


async def test_bad_ids_and_passwords_are_refused_before_anything_is_stored(world: World) -> None:
    with pytest.raises(UserIdRefused):
        await world.accounts.add("Ann Alder", "Ann", Role.VIEWER, "correct-horse")
    with pytest.raises(PasswordRefused):
        await world.accounts.add("bob", "Bob", Role.VIEWER, "short")
    with pytest.raises(NotFound, match="uns user list"):
        await world.accounts.set_password("nobody", "correct-horse")
    assert list(world.users.by_id) == ["ann"]


@pytest.mark.parametrize("user_id", ["o.meyer", "a1", "x-2_y"])
def test_a_user_id_is_short_and_plain(user_id: str) -> None:
    check_user_id(user_id)


async def test_old_sessions_are_removed_with_the_next_sign_in(world: World) -> None:
    await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    world.now += timedelta(seconds=8000)
    await world.accounts.sign_in("ann", "correct-horse", "10.0.0.7")
    assert len(world.sessions.by_hash) == 1
