"""Who may read and write which topics at the broker, as Mosquitto's password and ACL files.

What each account needs is decided elsewhere (the contracts for services, `accounts` for everybody else); this
module only renders it, and keeps one promise for all of them: nobody reads another's replies. A broker checks
a filter with wildcards topic by topic, so a reader of `uns/v1/#` would see every `_reply` but for the denials
added here.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

REPLY_TOPIC = "uns/v1/+/+/_reply/{account}/#"
"""Where an account's answers arrive, at any site."""

_ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ITERATIONS = (
    1000  # generated passwords carry 192 bits; many iterations would stall the broker when all reconnect
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class AclRule:
    """One right of one account.

    Args:
        access: `read` to receive, `write` to publish (a Will counts as publishing).
        topic_filter: The topics it is about, with MQTT wildcards.
    """

    access: Literal["read", "write"]
    topic_filter: str

    def __post_init__(self) -> None:
        levels = self.topic_filter.split("/")
        misplaced = any("+" in level and level != "+" for level in levels) or "#" in "".join(levels[:-1])
        if not self.topic_filter or misplaced or ("#" in levels[-1] and levels[-1] != "#"):
            raise ValueError(f"not a topic filter: {self.topic_filter!r}")
        if _UNPRINTABLE.search(self.topic_filter) or self.topic_filter != self.topic_filter.strip():
            raise ValueError(f"a topic filter with control characters or outer spaces: {self.topic_filter!r}")


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """An account as the broker knows it: name, password hash, rights."""

    name: str
    password_hash: str
    rules: tuple[AclRule, ...]

    def __post_init__(self) -> None:
        if not is_account_name(self.name):
            raise ValueError(f"not an account name: {self.name!r}")


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
    """Return the ACL file; what it does not allow is refused.

    Denials come first for Mosquitto wherever they stand in the file, so they name the other accounts one by
    one.
    """
    everybody = {account.name: account.rules for account in accounts}
    askers = [name for name, rules in everybody.items() if _may_hear(rules, name)]
    blocks = []
    for name, rules in everybody.items():
        lines = [f"user {name}"]
        lines += [f"topic deny {REPLY_TOPIC.format(account=other)}" for other in _others(name, rules, askers)]
        lines += [f"topic {rule.access} {rule.topic_filter}" for rule in _merged(rules)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def overlaps(one: str, other: str) -> bool:
    """Tell whether some topic is matched by both topic filters.

    Source: MQTT 5.0, 4.7 Topic Names and Topic Filters.
    """
    left, right = one.split("/"), other.split("/")
    for mine, theirs in zip(left, right, strict=False):
        if "#" in {mine, theirs}:
            return True
        if mine != theirs and "+" not in {mine, theirs}:
            return False
    longer = max(left, right, key=len)
    rest = longer[min(len(left), len(right)) :]
    return not rest or rest == ["#"]


def _others(name: str, rules: tuple[AclRule, ...], askers: list[str]) -> list[str]:
    return [
        other for other in askers if other != name and _may_hear(rules, other) and not _answers(rules, other)
    ]


def _may_hear(rules: tuple[AclRule, ...], account: str) -> bool:
    return _allows(rules, "read", account)


def _answers(rules: tuple[AclRule, ...], account: str) -> bool:
    """A denial would also forbid writing: who answers everybody's queries is left alone."""
    return _allows(rules, "write", account)


def _allows(rules: tuple[AclRule, ...], access: str, account: str) -> bool:
    replies = REPLY_TOPIC.format(account=account)
    return any(rule.access == access and overlaps(rule.topic_filter, replies) for rule in rules)


def _merged(rules: tuple[AclRule, ...]) -> Iterable[AclRule]:
    return dict.fromkeys(rules)


def accounts_of(passwords: Mapping[str, str], rules: Mapping[str, Iterable[AclRule]]) -> list[BrokerAccount]:
    """Return a broker account for each name with a password; without rules it may do nothing."""
    return [
        BrokerAccount(name, hash_password(word), tuple(rules.get(name, ())))
        for name, word in passwords.items()
    ]
