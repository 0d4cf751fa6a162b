"""What the console needs from outside, as the application sees it.

Adapters put the namespace behind these: the job-order queries and commands of ``work_order``, the node list
of ``namespace_state``, and the console's own tables of users and sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from services.console.domain.accounts import Session, User
from services.console.domain.states import JsonValue

Order = Literal["dispatch", "newest"]
"""In order of dispatch, or those stored last first."""


class NotAnswered(Exception):
    """A service did not answer in time, or there is no connection to ask over."""

    def __init__(self, service: str, detail: str) -> None:
        super().__init__(f"{service} has not answered: {detail}")
        self.service = service
        self.detail = detail


class NotAskable(Exception):
    """The service cannot answer this question, and says why."""

    def __init__(self, service: str, code: str, message: str) -> None:
        super().__init__(message)
        self.service = service
        self.code = code
        self.message = message


class NotFound(LookupError):
    """The thing asked for does not exist."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the site's equipment hierarchy."""

    path: str
    name: str
    level: str
    kind: str
    description: str
    unit: str = ""
    """Unit of what a work center makes (UN/ECE Rec 20); empty elsewhere."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site this console shows, out of the site file."""

    path: str
    time_zone: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class QuantityView:
    """A quantity as the contracts carry it: a decimal string and its UN/ECE Rec 20 unit."""

    value: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrderView:
    """A job order as the board shows it."""

    id: str
    work_center: str
    state: str
    sub_state: str | None
    removed: str | None
    """How it left the lists (``Cancelled``, ``Cleared``), if it did."""
    possible: tuple[str, ...]
    """Methods that its state permits, by the service that owns the rule."""
    work_master: str | None
    description: str
    priority: int
    work_request: str | None
    ordered: QuantityView | None
    """None where only the work counts."""
    good: str
    scrap: str
    unit: str
    planned_start: datetime | None
    planned_end: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    version: int
    hold: str | None = None
    """Why it may not run, where somebody holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One event of a job order's history."""

    at: datetime
    type: str
    actor: str | None
    cause: str | None
    from_state: str | None
    to_state: str | None
    payload: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class JobOrderDetail:
    """A job order with what happened to it, oldest first."""

    order: JobOrderView
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class JobOrderPage:
    """One page of job orders; ``cursor`` asks for the next one."""

    items: tuple[JobOrderView, ...]
    cursor: str | None


class JobOrders(Protocol):
    """Queries to ``work_order``."""

    async def page(
        self, *, place: str, states: Sequence[str], order: Order, limit: int, cursor: str | None
    ) -> JobOrderPage:
        """Return job orders at or below the place; raises NotAnswered."""
        ...

    async def detail(self, job_order_id: str) -> JobOrderDetail:
        """Return one job order with its history; raises NotFound or NotAnswered."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """One intent of one person, ready to be sent."""

    command_id: UUID
    service: str
    name: str
    subject: str
    args: dict[str, JsonValue]
    expected_version: int | None
    actor: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """What the executing service said."""

    command_id: UUID
    status: Literal["DONE", "REJECTED", "EXPIRED"]
    code: str | None = None
    message: str | None = None
    version: int | None = None
    result: dict[str, JsonValue] = field(default_factory=dict)


class Commands(Protocol):
    """Commands to the services of the site."""

    async def send(self, request: CommandRequest) -> CommandAnswer:
        """Send and repeat under the same command id until answered; raises NotAnswered at the time limit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One Sparkplug edge node as ``namespace_state`` sees it."""

    group_id: str
    edge_node_id: str
    kind: Literal["mes", "machine"]
    state: Literal["online", "stale", "offline", "unknown"]
    """``stale``: something was missed, a rebirth is awaited; ``offline``: it died."""
    since: datetime | None
    last_seen_at: datetime | None
    seq: int | None
    bd_seq: int | None
    rebirths: int
    devices: int
    dead_devices: int
    metrics: int
    places: tuple[str, ...]
    version: str | None
    ready: bool | None
    reasons: tuple[str, ...]
    rejected: int = 0
    conflicts: tuple[str, ...] = ()


class Nodes(Protocol):
    """Queries to ``namespace_state`` about edge nodes."""

    async def all(self) -> Sequence[NodeView]:
        """Return every known edge node; raises NotAnswered."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, as its contract writes it; ``cursor`` asks for what follows."""

    data: JsonValue
    cursor: str | None


class Answers(Protocol):
    """Questions whose answers a page gets as the contract of the service writes them."""

    async def ask(self, service: str, query: str, args: Mapping[str, JsonValue], *, most: int) -> Answer:
        """Ask, going on from page to page until there are ``most`` rows; raises NotAskable or NotAnswered."""
        ...


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One node of the site's tree of reasons for lost time."""

    code: str
    name: str
    parents: tuple[str, ...]
    loss: str | None
    element: str | None
    planned: bool
    owner: str
    retired: bool


class Users(Protocol):
    """The console's own users."""

    async def find(self, user_id: str) -> User | None:
        """Return the user, or None."""
        ...

    async def list(self) -> Sequence[User]:
        """Return all users by id."""
        ...

    async def put(self, user: User) -> None:
        """Add the user or overwrite it."""
        ...


class Sessions(Protocol):
    """The console's own sessions."""

    async def find(self, token_hash: str) -> Session | None:
        """Return the session, or None."""
        ...

    async def put(self, session: Session) -> None:
        """Add the session or overwrite it."""
        ...

    async def remove(self, token_hash: str) -> None:
        """End one session."""
        ...

    async def remove_of(self, user_id: str) -> None:
        """End every session of the user."""
        ...

    async def remove_before(self, last_seen_before: datetime, started_before: datetime) -> None:
        """Remove the sessions that ended by themselves."""
        ...
