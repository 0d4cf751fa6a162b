"""What a process runs on: an event loop - uvloop where it is installed (the extra `fast`), asyncio's own elsewhere - and Python's
collector.

Nothing depends on the difference; slow traffic costs less on uvloop, because it spends less on each wake-up.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

_YOUNG = 10_000
"""Objects after which Python looks for cycles among them; by itself it does after 700, a hundred messages, and that is a fifth of what a
message costs. What hears a site makes no cycles of its messages."""


def runner() -> asyncio.Runner:
    """Return what runs a service's process; what is imported by now is not looked at for cycles any more."""
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    return asyncio.Runner(loop_factory=loop_factory())


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop; None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
