"""A Sparkplug edge node on a session: the MES service as its peers see it.

The protocol is `namespace.sparkplug.EdgeNodeSession`; this driver gives it a clock, a persisted bdSeq and a connection. State may be set
at any time: without a session it is kept for the next birth. What is handed over is only what the caller waits for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NotConnected
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.sparkplug import (
    CommandReceived,
    EdgeNodeSession,
    MetricUpdate,
    MetricValue,
    OutgoingMessage,
    RemoteProtocolError,
    Send,
)
from namespace.transport import Message, Will

_OUTGOING = 20_000
