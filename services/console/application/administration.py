"""Users as an administrator at the command line handles them: roles by name, errors as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.console.application.accounts import Accounts
from services.console.domain.roles import Role


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user as a list shows it."""

    user_id: str
    name: str
    role: str
    disabled: bool


class Administration:
    """Adds, lists, disables users and sets their passwords.

    Args:
        accounts: Where the users are.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def add(self, user_id: str, name: str, role: str, password: str) -> None:
        """Add a user.

        Raises:
            ValueError: The id, role or password cannot be used, or there is such a user already; the text says which.
        """
        if role not in set(Role):
            raise ValueError(f"{role!r} is no role; there are {', '.join(Role)}.")
        if any(user.user_id == user_id for user in await self._accounts.users()):
            raise ValueError(
                f"There is a user {user_id!r} already; `uns user password {user_id}` gives a new password."
            )
        await self._accounts.add(user_id, name, Role(role), password)

    async def all(self) -> Sequence[UserRow]:
        """Return every user by id."""
        users = await self._accounts.users()
        return [UserRow(user.user_id, user.display_name, user.role.value, user.disabled) for user in users]

    async def set_password(self, user_id: str, password: str) -> None:
        """Give a user a new password; open sessions end.

        Raises:
            LookupError: There is no such user.
            ValueError: The password does not meet the rules.
        """
        await self._accounts.set_password(user_id, password)

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Disable a user, whose sessions end at once, or enable them again.

        Raises:
            LookupError: There is no such user.
        """
        await self._accounts.set_disabled(user_id, disabled=disabled)
