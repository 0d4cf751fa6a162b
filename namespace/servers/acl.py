"""Accounts and their rights as Mosquitto's password and ACL files.

What an account may do follows from the contracts (`namespace.contracts.access`) and, for people's and
machines' accounts, from their role (`accounts`); this module only writes it down. What is not allowed is
refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from namespace.contracts.access import AccessRule

_ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ITERATIONS = 1000  # generated passwords carry 192 bits; many iterations would stall the broker when all reconnect
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """An account as the broker knows it.

    Attributes:
        name: The user name.
        password_hash: By `hash_password`.
        rules: Everything it may do.

    Raises:
        ValueError: Name or a topic filter would not mean what it says in the broker's files.
    """

    name: str
    password_hash: str
    rules: tuple[AccessRule, ...]

    def __post_init__(self) -> None:
        if not is_account_name(self.name):
            raise ValueError(f"not an account name: {self.name!r}")
        for rule in self.rules:
            _check_filter(rule.topic_filter)


def is_account_name(name: str) -> bool:
    """Tell whether `name` can be an account: up to 64 letters, digits, `.`, `_`, `-`, no mark in front."""
    return _ACCOUNT_NAME.fullmatch(name) is not None


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """Return the PBKDF2-SHA512 entry that Mosquitto 2 stores for `password`.

    Source: mosquitto_passwd(1), hash type `$7$`.
    """
    salt = secrets.token_bytes(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def render_passwords(accounts: Iterable[BrokerAccount]) -> str:
    """Return the password file."""
    return "".join(f"{account.name}:{account.password_hash}\n" for account in accounts)


def render_acl(accounts: Iterable[BrokerAccount]) -> str:
    """Return the ACL file."""
    blocks = (
        "\n".join([f"user {account.name}", *(f"topic {rule.access} {rule.topic_filter}" for rule in account.rules)])
        for account in accounts
    )
    return "\n\n".join(blocks) + "\n"


def _check_filter(topic_filter: str) -> None:
    """MQTT 5.0, 4.7.1 Topic wildcards; and nothing that would end or bend a line of the file."""
    *before, last = topic_filter.split("/")
    misplaced = any(mark in level and level != mark for mark in "+#" for level in (*before, last)) or "#" in before
    if not topic_filter or misplaced:
        raise ValueError(f"not a topic filter: {topic_filter!r}")
    if _UNPRINTABLE.search(topic_filter) or topic_filter != topic_filter.strip():
        raise ValueError(f"a topic filter with control characters or outer spaces: {topic_filter!r}")
