"""Following another service's event log: what arrives on the wire goes to the store's follower, what is missing is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import EventRow, LogPage
