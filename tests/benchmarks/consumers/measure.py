"""What every Python consumer measures alike: CPU and wall time between the first and the last message, memory, and the state.

It knows the standard library alone: each consumer runs in an environment of its own that may hold nothing of ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

profile: Any = None
"""Switched on between begin and end, where a profiler wants to know where the time goes."""
leave: Callable[[int], object] = os._exit
"""Ends the process at once, whatever threads a client library left."""


def canonical(value: object, at_ms: int) -> str:
    """Return one form of a value and its time on which all languages agree."""
    match value:
        case bool():
            said = f"b:{int(value)}"
        case int():
            said = f"n:{value}"
        case float():
            said = f"n:{int(value)}" if value.is_integer() else f"n:{value!r}"
        case _:
            said = f"s:{value}"
    return f"{said}@{at_ms}"


def state_checksum(state: Iterable[tuple[str, str, str]]) -> str:
    """Return a checksum of (device, metric, canonical value)."""
    lines = sorted(f"{device}/{metric}={said}" for device, metric, said in state)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


class Measurement:
    """CPU and wall time between `begin` and `end`."""

    def __init__(self) -> None:
        self.has_begun = self.has_ended = False
        self._wall_s = self._user_s = self._system_s = 0.0

    def begin(self) -> None:
        """The first message is here."""
        self.has_begun = True
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._wall_s, self._user_s, self._system_s = time.perf_counter(), used.ru_utime, used.ru_stime
        if profile is not None:
            profile.enable()

    def end(self) -> None:
        """The last message is taken in."""
        if self.has_ended:
            raise RuntimeError("a measurement ends once")
        self.has_ended = True
        if profile is not None:
            profile.disable()
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._wall_s = time.perf_counter() - self._wall_s
        self._user_s = used.ru_utime - self._user_s
        self._system_s = used.ru_stime - self._system_s

    def report(self, messages: int, checksum: str, **more: object) -> None:
        """Print what was measured as one line of JSON and end the process."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(
            json.dumps(
                {
                    "messages": messages,
                    "wall_s": self._wall_s,
                    "user_s": self._user_s,
                    "system_s": self._system_s,
                    "rss_kb": used.ru_maxrss,
                    "checksum": checksum,
                    **more,
                }
            )
        )
        sys.stdout.flush()
        leave(0)


def arguments() -> tuple[int, int]:
    """Return port and number of data messages, which every consumer is given."""
    return int(sys.argv[1]), int(sys.argv[2])
