"""Signing in and out, and looking after the users.

Passwords are hashed off the event loop and one at a time, so that a burst of sign-ins costs neither the
live stream nor the machine's memory. An unknown user costs as much time as a wrong password.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.console.domain.accounts import (
    Session,
    SessionPolicy,
    User,
    check_user_id,
    is_live,
    token_hash,
    touched,
)
from services.console.domain.passwords import (
    SALT_BYTES,
    ScryptCost,
    check_password,
    hash_password,
    verify_password,
)
from services.console.domain.roles import Role
from services.console.domain.throttle import Throttle, ThrottlePolicy
from services.console.ports import NotFound, Sessions, Users

_TOKEN_BYTES = 32


class SignInRefused(Exception):
    """Wrong name or password, a disabled user, or too many failures."""

    def __init__(self, code: str, wait_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh or found session with its user; ``token`` is what only the browser keeps."""

    user: User
    session: Session
    token: str


class Accounts:
    """Users, their passwords and their sessions."""

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        *,
        now: Callable[[], datetime],
        policy: SessionPolicy | None = None,
        throttle: ThrottlePolicy | None = None,
        cost: ScryptCost | None = None,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._now = now
        self._policy = policy or SessionPolicy()
        self._by_user = Throttle(throttle or ThrottlePolicy())
        self._by_address = Throttle(replace(throttle or ThrottlePolicy(), free_failures=20))
        self._cost = cost or ScryptCost()
        self._hashing = asyncio.Semaphore(1)
        self._nobody = hash_password(secrets.token_hex(), secrets.token_bytes(SALT_BYTES), self._cost)

    async def sign_in(self, user_id: str, password: str, address: str) -> SignedIn:
        """Check name and password and open a session.

        Args:
            user_id: As typed; case and surrounding space do not matter.
            password: As typed.
            address: Where the request came from, for the throttle.

        Raises:
            SignInRefused: ``throttled`` with the seconds to wait, or ``wrong`` for everything else.
        """
        user_id, now = user_id.strip().casefold(), self._now()
        wait_s = max(self._by_user.wait_s(user_id, now), self._by_address.wait_s(address, now))
        if wait_s > 0:
            raise SignInRefused("throttled", wait_s)
        user = await self._users.find(user_id)
        async with self._hashing:
            right = await asyncio.to_thread(verify_password, password, user.password_hash if user else self._nobody)
        if user is None or user.disabled or not right:
            self._by_user.failed(user_id, now)
            self._by_address.failed(address, now)
            raise SignInRefused("wrong")
        self._by_user.succeeded(user_id)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(token_hash(token), user.user_id, secrets.token_urlsafe(_TOKEN_BYTES), now, now)
        await self._sessions.put(session)
        await self._sessions.remove_before(
            now - timedelta(seconds=self._policy.idle_s), now - timedelta(seconds=self._policy.longest_s)
        )
        return SignedIn(user, session, token)

    async def session(self, token: str | None) -> SignedIn | None:
        """Return the live session of a token, or None; a used session stays alive."""
        if not token:
            return None
        session = await self._sessions.find(token_hash(token))
        if session is None or not is_live(session, self._policy, self._now()):
            return None
        user = await self._users.find(session.user_id)
        if user is None or user.disabled:
            return None
        fresh = touched(session, self._policy, self._now())
        if fresh is not None:
            await self._sessions.put(fresh)
        return SignedIn(user, fresh or session, token)

    async def sign_out(self, token: str) -> None:
        """End the session of the token."""
        await self._sessions.remove(token_hash(token))

    async def add(self, user_id: str, display_name: str, role: Role, password: str) -> User:
        """Add a user, or give an existing one a new name, role and password.

        Raises:
            UserIdRefused: The id is no user id.
            PasswordRefused: The password does not meet the rules.
        """
        check_user_id(user_id)
        check_password(password, user_id)
        user = User(user_id, display_name.strip() or user_id, role, await self._hash(password))
        await self._users.put(user)
        await self._sessions.remove_of(user_id)
        return user

    async def set_password(self, user_id: str, password: str) -> None:
        """Give a user a new password and end the sessions opened with the old one.

        Raises:
            NotFound: There is no such user.
            PasswordRefused: The password does not meet the rules.
        """
        user = await self._existing(user_id)
        check_password(password, user_id)
        await self._users.put(replace(user, password_hash=await self._hash(password)))
        await self._sessions.remove_of(user_id)

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Disable a user and end their sessions, or enable them again.

        Raises:
            NotFound: There is no such user.
        """
        user = await self._existing(user_id)
        await self._users.put(replace(user, disabled=disabled))
        if disabled:
            await self._sessions.remove_of(user_id)

    async def users(self) -> Sequence[User]:
        """Return all users by id."""
        return await self._users.list()

    async def _existing(self, user_id: str) -> User:
        user = await self._users.find(user_id)
        if user is None:
            raise NotFound(f"There is no user {user_id!r}; `uns user list` shows who there is.")
        return user

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password, secrets.token_bytes(SALT_BYTES), self._cost)
