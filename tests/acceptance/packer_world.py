"""Services of a site in this process, on a broker and databases of their own, and what they make of a packer that runs for five minutes.

Two such worlds see the same production; something happens to one of them, and in the end both must say the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from namespace.contracts.command import CommandStatus
from namespace.contracts.snapshot import snapshots_from_rows
from namespace.isa95 import SiteModel, load_site
from namespace.runtime import NoAnswer, QueryFailed, Service, SiteClient
from namespace.testing.servers import NewDatabase, TestBroker
from namespace.testing.site import eventually, send
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from services.historian.service import SERVICE as HISTORIAN
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from services.oee.service import SERVICE as OEE
from services.work_order.service import SERVICE as WORK_ORDER
from tests.integration.historian.running import COUNT_ON_WIRE, PACKER, SITE_FILE, demo_site, running, settings_of


def _site() -> SiteModel:
    """Return the demo site, working around the clock in shifts that change half a day from now: so no test depends on the hour."""
    text = SITE_FILE.read_text(encoding="utf-8")
    changes_at = (datetime.now(ZoneInfo(demo_site().time_zone)) + timedelta(hours=12)).strftime("%H:00")
    shift = f'{{name: Day, start: "{changes_at}", end: "{changes_at}"}}'
    for name in ("three-shifts", "relieved"):
        text = text.replace(f"calendar: {name}", "calendar: one-shift")
    text = text.replace("calendars:\n", f"calendars:\n  one-shift:\n    shifts: [{shift}]\n", 1)
    return load_site(text, str(SITE_FILE))


SITE = _site()
LINE = "Acme/Dallas/Packaging/Line1"
STATE = "Status/StateCurrent"
DEFECTS = "Admin/ProdDefectiveCount/0/AccCount"
EXECUTE, ABORTED = 6, 9
SECONDS, CUT, BACK, TARGET = 300, 100, 200, 140
ENDS = 155
"""The second in which the last of `TARGET` good pieces is made; of the machine is known since the first."""

_ONES = {"revision", "version"}
"""What of a response says how often something was said."""

Report = Callable[[Mapping[str, Any], int], Awaitable[None]]
"""Takes values of the packer and the time for which they hold, ms since the epoch."""


class World:
    """One site: its broker, its services, its machine."""

    def __init__(self, broker: TestBroker, dsns: dict[str, str], folder: Path) -> None:
        self.broker = broker
        self.dsns = dsns
        self._folder = folder

    @classmethod
    async def make(cls, broker: TestBroker, new_database: NewDatabase, folder: Path) -> World:
        services = (HISTORIAN, NAMESPACE_STATE, OEE, WORK_ORDER)
        return cls(broker, {service.name: (await new_database(service.name)).dsn for service in services}, folder)

    @asynccontextmanager
    async def service(self, service: Service, *, heartbeat_s: float = 0.2) -> AsyncIterator[None]:
        name = service.name
        settings = settings_of(self.broker, self.dsns[name], self._folder / name, name)
        async with running(settings.model_copy(update={"heartbeat_s": heartbeat_s}), SITE, service):
            yield

    @asynccontextmanager
    async def guest(self) -> AsyncIterator[SiteClient]:
        account = "mes-cli"
        transport = MqttTransport(BrokerUrl.parse(self.broker.add_account(account)), client_id=account)
        client = SiteClient(transport, SITE.path, account, commands=frozenset({"work_order"}))
        async with client.connected():
            yield client


async def answered(client: SiteClient, service: str, query: str, **args: Any) -> Any:
    async def probe() -> Any:
        with contextlib.suppress(NoAnswer, QueryFailed):
            return [(await client.queries.ask(service, query, args, timeout_s=1, tries=1)).data]
        return None

    return (await eventually(probe, within_s=20, what=f"{service} answers {query}"))[0]


async def produce(report: Report, begin_ms: int, seconds: range) -> None:
    """One unit a second, every tenth of it bad; the machine stops for 10 of every 40 seconds."""
    for second in seconds:
        values: dict[str, Any] = {COUNT_ON_WIRE: (65_500 + second) & 0xFFFF, DEFECTS: second // 10}
        values[STATE] = EXECUTE if second % 40 < 30 else ABORTED
        await report(values, begin_ms + second * 1000)


async def begin_order(client: SiteClient, begin_ms: int) -> None:
    """Have the line work on an order of `TARGET` pieces."""
    begun = datetime.fromtimestamp(begin_ms / 1000, UTC).isoformat()
    await answered(client, "oee", "state_log", place=PACKER)
    await answered(client, "work_order", "job_orders")
    quantity = {"value": str(TARGET), "unit": "H87"}
    for name, args in (
        ("StoreAndStart", {"place": LINE, "quantity": quantity, "occurred_at": begun}),
        ("Begin", {"occurred_at": begun}),
    ):
        answer = await send(client, name, "JO-1", args)
        assert answer.status is CommandStatus.DONE, answer


def merged(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Return what the machine did when.

    An interval is said once, with the job order known by then; a machine that tells minutes in a second is ahead of `work_order`.
    """
    intervals: list[list[str]] = []
    for row in rows:
        if intervals and intervals[-1][2:] == [row["element"], row["reason"]]:
            intervals[-1][1] = row["end"]
        else:
            intervals.append([row["start"], row["end"], row["element"], row["reason"]])
    return intervals


def story_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return how an order went: as it is, when what happened to it, and its last response.

    Into how many reports the quantities are gathered, and how often a response is restated, depends on the wall clock.
    """
    events = [event for event in order["history"] if event["type"] != "QuantityReported"]
    responses = [event["payload"] for event in events if event["type"] == "JobResponse"]
    assert [said["revision"] for said in responses] == list(range(1, len(responses) + 1))
    last = {name: said for name, said in responses[-1].items() if name not in _ONES} if responses else None
    kept = ("state", "sub_state", "good", "scrap")
    return {
        "order": {name: order[name] for name in kept},
        "history": [(event["type"], event["occurred_at"]) for event in events if event["type"] != "JobResponse"],
        "response": last,
    }


async def outcome(client: SiteClient, begin_ms: int) -> dict[str, Any]:
    """Wait until the last second is accounted for; return what the site says about the whole time."""
    seen: dict[str, Any] = {}

    async def settled() -> dict[str, Any] | None:
        order = await answered(client, "work_order", "job_order", id="JO-1")
        log = await answered(client, "oee", "state_log", place=PACKER)
        rows = [row for row in log if row["start"] < datetime.fromtimestamp(begin_ms / 1000 + 280, UTC).isoformat()]
        is_over = rows and datetime.fromisoformat(rows[-1]["end"]).timestamp() * 1000 >= begin_ms + 270_000
        seen.update(state=order["state"], good=order["good"], scrap=order["scrap"], intervals=len(rows), last=rows[-1:])
        if not is_over or order["state"] != "Ended":
            return None
        story = story_of(order)
        if (story["response"] or {}).get("actual_unit_busy_time_s") != str(ENDS - 1):
            return None  # the end is not in the log yet, or not the machine's time
        return {**story, "intervals": merged(rows)}

    return await eventually(settled, within_s=25, what=lambda: f"the whole time is judged: {seen}")


async def totals(client: SiteClient) -> dict[str, Any]:
    """Return what OEE has counted, None before it has; its times depend on the silence that it heard, which is told by our clock."""
    rows = await client.queries.ask_all("namespace_state", "snapshot", {"groups": [SITE.group_id]})
    oee = [node for node in snapshots_from_rows(rows) if node.edge_node.edge_node_id == "mes-oee"]
    packers = [device for node in oee for device in node.devices if device.device_id == "Packaging:Line1:Packer"]
    values = {metric.name: metric.value for packer in packers for metric in packer.metrics}
    return {name: values.get(f"OEE/{name}") for name in ("PQ", "GQ", "SQ")}


async def positions_remembered(world: World, *services: str) -> None:
    """Wait until services (both by default) have noted how far they have used the journal."""
    for name in services or ("oee", "work_order"):
        connection = await asyncpg.connect(world.dsns[name])
        try:

            async def probe(connection: asyncpg.Connection = connection) -> bool:
                schema = await connection.fetchval("SELECT current_user")
                return bool(await connection.fetchval(f'SELECT count(*) FROM "{schema}".sample_position'))

            await eventually(probe, within_s=10, what=f"{name} has remembered a position")
        finally:
            await connection.close()
