"""Users and sessions in memory, behind the console's ports."""

from collections.abc import Sequence
from datetime import datetime

from services.console.domain.accounts import Session, User


class MemoryUsers:
    """Users in memory."""

    def __init__(self) -> None:
        self.by_id: dict[str, User] = {}

    async def find(self, user_id: str) -> User | None:
        return self.by_id.get(user_id)

    async def list(self) -> Sequence[User]:
        return sorted(self.by_id.values(), key=lambda user: user.user_id)

    async def put(self, user: User) -> None:
        self.by_id[user.user_id] = user


class MemorySessions:
    """Sessions in memory."""

    def __init__(self) -> None:
        self.by_hash: dict[str, Session] = {}

    async def find(self, token_hash: str) -> Session | None:
        return self.by_hash.get(token_hash)

    async def put(self, session: Session) -> None:
        self.by_hash[session.token_hash] = session

    async def remove(self, token_hash: str) -> None:
        self.by_hash.pop(token_hash, None)

    async def remove_of(self, user_id: str) -> None:
        for key in [key for key, session in self.by_hash.items() if session.user_id == user_id]:
            del self.by_hash[key]

    async def remove_before(self, last_seen_before: datetime, started_before: datetime) -> None:
        for key, session in list(self.by_hash.items()):
            if session.last_seen_at < last_seen_before or session.started_at < started_before:
                del self.by_hash[key]
