"""Users and their sessions: what they are and when a session ends.

A session is known to the browser by a random token and to the server by that token's hash alone, so that a
copy of the table opens no door. Storage is behind the ports.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.console.domain.roles import Role

_USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in at the console."""

    user_id: str
    display_name: str
    role: Role
    password_hash: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    token_hash: str
    user_id: str
    csrf_token: str
    started_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives."""

    idle_s: float = 12 * 3600.0
    """A session that nobody used for a shift and its handover ends."""
    longest_s: float = 7 * 24 * 3600.0
    """Even a busy session ends after a week: a wall screen is signed in anew now and then."""
    touch_s: float = 60.0
    """Last use is written at most this often."""


class UserIdRefused(ValueError):
    """The user id cannot be used; the text says what one looks like."""


def check_user_id(user_id: str) -> None:
    """Refuse an id that is not 2 to 40 of ``a-z 0-9 . _ -``, starting with a letter or digit.

    Raises:
        UserIdRefused: With a sentence for the person who chose it.
    """
    if not _USER_ID.fullmatch(user_id):
        raise UserIdRefused(
            f"{user_id!r} is no user id: use 2 to 40 of a-z 0-9 . _ - and start with a letter or a digit, "
            "as in 'o.meyer'."
        )


def token_hash(token: str) -> str:
    """Return the form in which a session token is stored (SHA-256, hex)."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_live(session: Session, policy: SessionPolicy, now: datetime) -> bool:
    """Say whether the session still counts at ``now``."""
    idle = now - session.last_seen_at > timedelta(seconds=policy.idle_s)
    old = now - session.started_at > timedelta(seconds=policy.longest_s)
    return not idle and not old


def touched(session: Session, policy: SessionPolicy, now: datetime) -> Session | None:
    """Return the session with its last use set to ``now``, or None when it was written recently enough."""
    if now - session.last_seen_at < timedelta(seconds=policy.touch_s):
        return None
    return replace(session, last_seen_at=now)
