"""The latest value of many keys, with the revision at which each changed last.

A browser that has seen revision ``n`` gets every key that changed after ``n``, each once and with its
newest value. So a slow client conflates by itself, nothing queues per client, and a reconnect is the same
question as a tick. Removed keys stay behind as tombstones; only so many are kept, and who is older than the
oldest forgotten one starts from a full picture.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Revision:
    """One counter shared by several change maps, so that one number says how far a browser has seen."""

    def __init__(self) -> None:
        self.current = 0

    def next(self) -> int:
        """Advance and return the new revision."""
        self.current += 1
        return self.current


class Changes(Generic[K, V]):
    """Keys with their newest value and the revision of their last change."""

    def __init__(self, revision: Revision, *, tombstones: int = 10_000) -> None:
        self._revision = revision
        self._entries: OrderedDict[K, tuple[int, V | None]] = OrderedDict()
        self._removed: deque[tuple[int, K]] = deque()
        self._tombstones = tombstones
        self.forgotten = 0
        """The newest revision of a forgotten removal: a reader before it needs a full picture."""

    def get(self, key: K) -> V | None:
        """Return the key's value, or None when it is not there."""
        entry = self._entries.get(key)
        return None if entry is None else entry[1]

    def put(self, key: K, value: V) -> None:
        """Set the key's value as the newest change."""
        self._entries[key] = (self._revision.next(), value)
        self._entries.move_to_end(key)

    def remove(self, key: K) -> None:
        """Take the key away; readers are told until the tombstone is forgotten."""
        if self.get(key) is None:
            return
        revision = self._revision.next()
        self._entries[key] = (revision, None)
        self._entries.move_to_end(key)
        self._removed.append((revision, key))
        while len(self._removed) > self._tombstones:
            self._forget(*self._removed.popleft())

    def values(self) -> Iterator[V]:
        """Iterate over the values that are there."""
        for _, value in self._entries.values():
            if value is not None:
                yield value

    def since(self, revision: int) -> list[tuple[K, V | None]]:
        """Return what changed after ``revision``, oldest change first; None stands for a removed key."""
        found: list[tuple[K, V | None]] = []
        for key, (changed, value) in reversed(self._entries.items()):
            if changed <= revision:
                break
            found.append((key, value))
        found.reverse()
        return found

    def __len__(self) -> int:
        return len(self._entries)

    def _forget(self, revision: int, key: K) -> None:
        entry = self._entries.get(key)
        if entry == (revision, None):
            del self._entries[key]
            self.forgotten = revision
