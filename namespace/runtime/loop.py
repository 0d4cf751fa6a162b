"""Which event loop a process runs on: uvloop where it is installed (the extra `fast`), asyncio's own elsewhere.

Nothing depends on the difference; slow traffic costs less on uvloop, because it spends less on each wake-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop; None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
