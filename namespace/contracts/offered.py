"""What a service accepts and answers in all: what its contract names, and what every service of its kind has beside it.

A service with a log answers `events`; one that follows logs answers `parked`, `follows` and `beyond_fork`, and accepts `Redrive` and
`AcceptFork`. The runtime provides these, so no contract repeats them.
"""

from __future__ import annotations

from namespace.contracts.contract import CommandContract, QueryContract, ServiceContract
from namespace.contracts.forks import ACCEPT_FORK_COMMAND, BEYOND_FORK_QUERY, FOLLOWS_QUERY
from namespace.contracts.node import EVENTS_QUERY
from namespace.contracts.parking import PARKED_QUERY, REDRIVE_COMMAND


def offered_commands(contract: ServiceContract) -> tuple[CommandContract, ...]:
    """Return every command the service accepts."""
    return (*contract.commands, *((REDRIVE_COMMAND, ACCEPT_FORK_COMMAND) if contract.follows else ()))


def offered_queries(contract: ServiceContract) -> tuple[QueryContract, ...]:
    """Return every query the service answers."""
    events = (EVENTS_QUERY,) if contract.events else ()
    following = (PARKED_QUERY, FOLLOWS_QUERY, BEYOND_FORK_QUERY) if contract.follows else ()
    return (*contract.queries, *events, *following)
