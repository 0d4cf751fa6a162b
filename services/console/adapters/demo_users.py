"""The demo's users: one a role, with passwords made for this data folder and written down beside its other credentials."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path

from services.console.application.accounts import Accounts
from services.console.domain.roles import Role

_NAMES = {
    Role.VIEWER: "Vera Vance",
    Role.OPERATOR: "Oscar Ortiz",
    Role.SUPERVISOR: "Sofia Stein",
    Role.ENGINEER: "Emil Engel",
    Role.ADMIN: "Ada Adler",
}
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"


class DemoUsers:
    """Makes the demo's users once; who exists already stays as they are.

    Args:
        data_dir: The site's data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / "credentials" / "console" / "demo-users.json"

    async def ensure(self, accounts: Accounts) -> None:
        """Add the users that are missing and keep their passwords in the file, readable for its owner alone."""
        known = {user.user_id for user in await accounts.users()}
        written = self._read()
        for role, name in _NAMES.items():
            if role.value in known:
                continue
            password = written.setdefault(role.value, _speakable())
            await accounts.add(role.value, name, role, password)
        self._write(written)

    def _read(self) -> dict[str, str]:
        try:
            users = json.loads(self.file.read_text(encoding="utf-8"))
            return {str(user["user"]): str(user["password"]) for user in users}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self, passwords: dict[str, str]) -> None:
        users = [
            {"user": role.value, "password": passwords[role.value], "role": role.value}
            for role in Role
            if role.value in passwords
        ]
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=self.file.parent, prefix=".demo-users.")  # made with mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(users, stream, indent=2)
        Path(fresh).replace(self.file)


def _speakable() -> str:
    """Return a password that can be typed on a tablet, such as `kade-runo-47`; about 2**30 of them."""
    words = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(2)]
    return f"{words[0]}-{words[1]}-{secrets.randbelow(90) + 10}"
