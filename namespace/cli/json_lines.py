"""A command that is driven by lines of JSON on standard input and reports in the same form: people type them, test kits write them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from namespace.runtime import SystemClock, to_ms

_AHEAD = 10_000


class LineError(Exception):
    """A line cannot be obeyed; the text says why."""


_unheard = threading.Event()
"""Set once nobody reads what is said."""


def say(event: str, **details: Any) -> None:
    """Write one line of JSON with what happened and when; when nobody reads any more, `lines` ends as if the input had."""
    if _unheard.is_set():
        return
    try:
        sys.stdout.write(json.dumps({"event": event, "at_ms": to_ms(SystemClock().now()), **details}) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _unheard.set()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # or the interpreter would complain at its end
        os.close(nowhere)
        for end in list(_ends):
            end()


_ends: set[Callable[[], None]] = set()


def read_line(text: str) -> dict[str, Any]:
    """Return what a line says.

    Raises:
        LineError: It is no JSON object.
    """
    try:
        line = json.loads(text)
    except ValueError as error:
        raise LineError(f"it is no JSON: {error}") from None
    if not isinstance(line, dict):
        raise LineError("a line is a JSON object")
    return line


def text_of(line: Mapping[str, Any], name: str) -> str:
    """Return a text that a line must have.

    Raises:
        LineError: It has none of that name.
    """
    found = line.get(name)
    if not isinstance(found, str):
        raise LineError(f'a line needs "{name}": "..."')
    return found


def id_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `id` of a line, to be said again with the answer."""
    return {"id": line["id"]} if "id" in line else {}


async def lines() -> AsyncGenerator[str, None]:
    """Read standard input, whatever it is - a pipe, a file, a terminal - until its end, Ctrl-C or SIGTERM, or until nobody hears us."""
    loop = asyncio.get_running_loop()
    found: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def read() -> None:
        for text in sys.stdin:
            room.acquire()
            loop.call_soon_threadsafe(found.put_nowait, text)
        loop.call_soon_threadsafe(found.put_nowait, None)

    # A thread of its own that nobody waits for: a read from a terminal cannot be cancelled.
    threading.Thread(target=read, name="standard input", daemon=True).start()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, found.put_nowait, None)

    def end() -> None:
        loop.call_soon_threadsafe(found.put_nowait, None)

    _ends.add(end)
    if _unheard.is_set():
        end()
    try:
        while (text := await found.get()) is not None:
            room.release()
            if text.strip():
                yield text
    finally:
        _ends.discard(end)
        for number in signals:
            loop.remove_signal_handler(number)
