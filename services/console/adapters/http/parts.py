"""What the HTTP side is given to work with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.requests import Request

from services.console.application.accounts import Accounts
from services.console.application.dispatch import Dispatch
from services.console.application.feed import FeedPace
from services.console.application.live import LiveNamespace
from services.console.domain.accounts import SessionPolicy
from services.console.ports import Answers, JobOrders, Nodes, ReasonView


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """The application objects and ports behind the pages."""

    accounts: Accounts
    live: LiveNamespace
    dispatch: Dispatch
    job_orders: JobOrders
    nodes: Nodes
    answers: Answers
    reasons: tuple[ReasonView, ...]
    now: Callable[[], datetime]
    bundle: Path
    """Folder of the bundled page, with ``index.html`` and ``assets/``."""
    version: str
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: FeedPace = field(default_factory=FeedPace)
    sessions: SessionPolicy = field(default_factory=SessionPolicy)
    streams: int = 200
    """Streams open at once at most; each costs a task and a socket."""


def parts_of(request: Request) -> ConsoleParts:
    """Return the parts the application was built with."""
    parts: ConsoleParts = request.app.state.parts
    return parts
