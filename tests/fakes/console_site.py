"""A lively bottling site behind the console's ports, in memory: for designing pages and for tests of the console alone.

``step(now)`` moves it on; nothing happens by itself. Run as a module it serves the console on a port.
"""

import argparse
import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from services.console.adapters.http.app import console_app
from services.console.adapters.http.parts import ConsoleParts
from services.console.application.accounts import Accounts
from services.console.application.dispatch import Dispatch
from services.console.application.live import LiveEvent, LiveNamespace, Upstream
from services.console.domain.accounts import User
from services.console.domain.passwords import ScryptCost, hash_password
from services.console.domain.roles import Role
from services.console.domain.states import GOOD, STALE, JsonValue, MetricValue
from services.console.ports import NodeView
from tests.fakes.console_accounts import MemorySessions, MemoryUsers
from tests.fakes.console_nodes import MES, machine, mes_service, unplaced
from tests.fakes.console_oee import Commands, FakeOee
from tests.fakes.console_orders import FakeOrders
from tests.fakes.console_plant import FAULTS, LINES, PRODUCTS, SITE, demo_site
from tests.fakes.console_work import DEFECTS, ByService

FAST = ScryptCost(log2_n=4)


@dataclass
class Unit:
    """One machine of the fake."""

    path: str
    node: str
    state: int = 6
    until: datetime | None = None
    reason: str = ""
    processed: int = 0
    defective: int = 0
    speed: float = 0.0
    element: str = "APT"
    since: datetime | None = None
    times: dict[str, float] = field(
        default_factory=lambda: {"APT": 5200.0, "AUST": 420.0, "ADET": 610.0, "ADOT": 300.0}
    )


class FakeNodes:
    """The edge nodes of the fake site."""

    def __init__(self, site: "FakeSite") -> None:
        self.site = site

    async def all(self) -> Sequence[NodeView]:
        return self.site.node_views()


class FakeSite:
    """The site: machines, orders, nodes, and the live picture they feed."""

    def __init__(self, now: datetime, seed: int = 7, *, troubles: bool = True) -> None:
        self.now = now
        self.started = now
        self.random = random.Random(seed)
        self.troubles = troubles
        self.live = LiveNamespace(demo_site())
        self.live.upstream = Upstream(connected=True, since=now)
        self.orders = FakeOrders(self)
        self.nodes = FakeNodes(self)
        self.users = MemoryUsers()
        self.sessions = MemorySessions()
        self.dead: dict[str, datetime] = {}
        self.seq = 0
        self.units = [
            Unit(
                f"{SITE}/{line}/{unit}",
                f"Acme:Dallas/GW-{line.replace('/', '-')}",
                processed=41_200 + 97 * n,
                defective=300 + n,
                since=now - timedelta(minutes=7 + 3 * n),
            )
            for line, units in LINES.items()
            for n, unit in enumerate(units)
        ]
        self.oee = FakeOee(self, now)
        self._seed_orders()
        self._seed_states()
        for role in Role:
            self.users.by_id[role] = User(role, role.capitalize(), role, hash_password(f"{role}-pw", b"s" * 16, FAST))
        self.step(now)

    @property
    def paths(self) -> list[str]:
        """Return the paths of all work units."""
        return [unit.path for unit in self.units]

    def step(self, now: datetime) -> None:
        """Move the site on to ``now``."""
        elapsed_s = (now - self.now).total_seconds()
        self.now = now
        self.seq += 1
        for unit in self.units:
            if unit.node not in self.dead:
                self._machine(unit, elapsed_s)
        for line in LINES:
            self._line(f"{SITE}/{line}")
        self._unplaced()
        self.live.put_nodes(self.node_views())

    def kill(self, node: str) -> None:
        """Let an edge node die: everything it said turns stale."""
        self.dead[node] = self.now
        for metric in list(self.live.metrics.values()):
            if metric.source.startswith(node):
                self.live.put(replace(metric, quality=STALE))
        for unit in self.units:
            if unit.node == node:
                self._put(unit.path, "OEE/State", "UNKNOWN", source="Acme:Dallas/mes-oee")
        self.live.put_nodes(self.node_views())

    def revive(self, node: str) -> None:
        """Bring a dead edge node back."""
        del self.dead[node]
        self.step(self.now)

    def say(
        self,
        type_: str,
        place: str,
        subject: str,
        at: datetime,
        actor: str | None,
        payload: dict[str, JsonValue] | None = None,
    ) -> None:
        """Let an event go by."""
        order = subject if subject.startswith("JO-") else None
        producer = "work_order" if order else "oee"
        self.live.event(
            LiveEvent(
                event_id=str(uuid4()),
                type=type_,
                place=place,
                subject=subject,
                occurred_at=iso(at),
                producer=producer,
                actor=actor,
                job_order=order,
                payload=payload or {},
            )
        )

    def node_views(self) -> list[NodeView]:
        """Return the edge nodes as ``namespace_state`` would."""
        lines = {unit.node: unit.path.rpartition("/")[0] for unit in self.units}
        machines = [
            machine(
                node,
                place,
                devices=sum(unit.node == node for unit in self.units),
                seq=self.seq,
                now=self.now,
                died_at=self.dead.get(node),
            )
            for node, place in lines.items()
        ]
        services = [mes_service(name, seq=self.seq, started=self.started, now=self.now) for name in MES]
        return [*services, *machines, unplaced(self.seq, self.now)]

    def _seed_orders(self) -> None:
        add, now = self.orders.add, self.now
        for n, line in enumerate(("Packaging/Line1", "Packaging/Line2")):
            place = f"{SITE}/{line}"
            add(
                place,
                f"JO-48{n}0",
                "Ended",
                PRODUCTS[3],
                "20000",
                now - timedelta(hours=4),
                good="20011",
                scrap="188",
                started=now - timedelta(hours=7),
            )
            add(
                place,
                f"JO-48{n}1",
                "Running",
                PRODUCTS[n],
                "24000",
                now,
                priority=80,
                good=str(13_412 - 4000 * n),
                scrap="142",
                started=now - timedelta(hours=1, minutes=48),
            )
            add(place, f"JO-48{n}2", "AllowedToStart", PRODUCTS[n + 1], "18000", now + timedelta(hours=2), priority=70)
            for k in range(3 + 3 * n):
                add(
                    place,
                    f"JO-48{n}{k + 3}",
                    "NotAllowedToStart",
                    PRODUCTS[k % 4],
                    str(12000 + 1500 * k),
                    now + timedelta(hours=4 + 2 * k),
                    priority=60 - k,
                )
        add(
            f"{SITE}/Processing/Blending",
            "JO-4901",
            "Interrupted",
            "Lemon syrup 12°Bx",
            "8000",
            now,
            good="3150",
            started=now - timedelta(hours=2),
        )
        add(f"{SITE}/Packaging/Line3", "JO-4950", "AllowedToStart", PRODUCTS[2], "9000", now)

    def _seed_states(self) -> None:
        for unit in self.units:
            if "Line3" in unit.path:
                unit.state, unit.element = 4, "ADOT"
            elif "Utilities" in unit.path and unit.path.endswith("2"):
                unit.state, unit.element = 2, "PDOT"
            elif "Blending" in unit.path:
                unit.state, unit.element = 11, "ADET"
                unit.reason = "Waiting for CIP release"

    def _machine(self, unit: Unit, elapsed_s: float) -> None:
        self._change_state(unit)
        running = unit.state == 6
        made = int(elapsed_s * 8 + self.random.random()) if running else 0
        bad = 1 if made and self.random.random() < 0.03 else 0
        unit.processed += made
        unit.defective += bad
        unit.speed = self.random.gauss(480, 4) if running else 0.0
        unit.times[unit.element] = unit.times.get(unit.element, 0.0) + elapsed_s
        if unit.path.endswith(("Palletizer", "Line2/CasePacker")) and made:
            self.orders.count(unit.path.rpartition("/")[0], made - bad, bad)
        put = self._put
        put(unit.path, "Status/StateCurrent", unit.state, at=unit.since)
        put(unit.path, "Status/UnitModeCurrent", 1, at=self.started)
        put(unit.path, "Status/CurMachSpeed", round(unit.speed, 1), "H87/MIN")
        put(unit.path, "Status/Blocked", unit.reason == "blocked", at=unit.since)
        put(unit.path, "Status/Starved", unit.reason == "starved", at=unit.since)
        put(unit.path, "Admin/ProdProcessedCount", unit.processed, "EA")
        put(unit.path, "Admin/ProdDefectiveCount", unit.defective, "EA")
        put(unit.path, "Admin/StopReason", unit.reason, at=unit.since)
        if unit.path.endswith(("Filler", "Mixer1", "Mixer2", "BufferTank")):
            put(unit.path, "Process/ProductTemperature", round(self.random.gauss(4.2, 0.1), 2), "CEL")
            put(unit.path, "Process/BowlPressure", round(self.random.gauss(2.65, 0.02), 3), "BAR")
            put(unit.path, "Process/FlowRate", round(self.random.gauss(14.2, 0.3), 2) if running else 0.0, "MQH")
        self._oee(unit.path, [unit], unit.element, unit.reason, unit.since)

    def _change_state(self, unit: Unit) -> None:
        if unit.until is not None and self.now >= unit.until:
            unit.state, unit.element, unit.reason, unit.until, unit.since = 6, "APT", "", None, self.now
            self.say("StateIntervalClosed", unit.path, unit.path, self.now, None, {"element": "ADET"})
        elif self.troubles and unit.state == 6 and self.random.random() < 0.006:
            kind = self.random.choice(("fault", "blocked", "starved", "setup"))
            unit.since = self.now
            unit.until = self.now + timedelta(seconds=self.random.uniform(8, 45))
            if kind == "fault":
                unit.state, unit.element, unit.reason = 11, "ADET", self.random.choice(FAULTS)
            elif kind == "setup":
                unit.state, unit.element, unit.reason = 4, "AUST", "Format change"
            else:
                unit.state, unit.element, unit.reason = 5, "ADET", kind
            self.say("StateIntervalClosed", unit.path, unit.path, self.now, None, {"element": "APT"})

    def _oee(self, path: str, units: list[Unit], element: str | None, reason: str, since: datetime | None) -> None:
        def put(name: str, value: JsonValue, unit: str | None = None, at: datetime | None = None) -> None:
            self._put(path, f"OEE/{name}", value, unit, at, "Acme:Dallas/mes-oee")

        times = {key: sum(unit.times.get(key, 0.0) for unit in units) for key in ("APT", "AUST", "ADET", "ADOT")}
        pbt, produced, scrap = sum(times.values()), sum(u.processed for u in units), sum(u.defective for u in units)
        if element is not None:
            put("State", element, None, since)
            put("StateReason", reason, None, since)
            put("StateSince", iso(since or self.now), None, since)
        put("Shift", "Early")
        put("WindowStart", iso(self.started - timedelta(hours=2)))
        put("PBT", int(pbt * 1000), "C26")
        for key, value in times.items():
            put(key, int(value * 1000), "C26")
        put("PQ", produced, "EA")
        put("GQ", produced - scrap, "EA")
        put("SQ", scrap, "EA")
        idle = "Line3" in path
        effectiveness = min(1.04, 0.93 + (hash_of(path) % 10) / 100)
        quality = (produced - scrap) / produced
        availability = times["APT"] / pbt
        put("Availability", None if idle else round(availability, 4), "C62")
        put("Effectiveness", None if idle else effectiveness, "C62")
        put("QualityRatio", None if idle else round(quality, 4), "C62")
        put("OEE", None if idle else round(availability * effectiveness * quality, 4), "C62")
        put("Reason", "No planned busy time in this shift yet" if idle else "")
        put("Completeness", 1.0 if "Line2" not in path else 0.97, "C62")

    def _line(self, path: str) -> None:
        units = [unit for unit in self.units if unit.path.startswith(path + "/")]
        self._oee(path, units, None, "", None)

        def put(name: str, value: JsonValue, unit: str | None = None) -> None:
            self._put(path, f"JobOrder/{name}", value, unit, None, "Acme:Dallas/mes-work-order")

        order = self.orders.active(path)
        put("Active/ID", order.id if order else None)
        put("Active/State", order.state if order else None)
        put("Active/WorkMaster", order.work_master if order else None)
        put("Active/QuantityOrdered", float(order.ordered.value) if order and order.ordered else None, "EA")
        put("Active/Good", float(order.good) if order else None, "EA")
        put("Active/Scrap", float(order.scrap) if order else None, "EA")
        progress = float(order.good) / float(order.ordered.value) if order and order.ordered else None
        put("Active/Progress", round(progress, 4) if progress is not None else None, "C62")
        queue = [o for o in self.orders.orders.values() if o.work_center == path and o.state.endswith("AllowedToStart")]
        put("QueueLength", len(queue))

    def _unplaced(self) -> None:
        place = "_unplaced/Legacy/ignition-edge-07/Boiler"
        for name, value, unit in (
            ("Temp_PV", round(self.random.gauss(82, 0.6), 1), None),
            ("Alarm", False, None),
            ("Firmware/Version", "8.1.44", None),
        ):
            self._put(place, name, value, unit, None, "Legacy/ignition-edge-07/Boiler")

    def _put(
        self,
        place: str,
        metric: str,
        value: JsonValue,
        unit: str | None = None,
        at: datetime | None = None,
        source: str | None = None,
    ) -> None:
        known = self.live.metrics.get((place, metric))
        if known is not None and known.value == value and known.quality == GOOD:
            return
        unit_of = next((u for u in self.units if u.path == place), None)
        origin = source or (f"{unit_of.node}/{place.rpartition('/')[2]}" if unit_of else "?")
        self.live.put(MetricValue(place, metric, value, unit, GOOD, iso(at or self.now), origin))


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def hash_of(text: str) -> int:
    return sum(map(ord, text))


def parts_for(site: FakeSite, bundle: Path) -> ConsoleParts:
    """Put the console's application around the fake site."""

    def clock() -> datetime:
        return datetime.now(UTC)

    return ConsoleParts(
        accounts=Accounts(site.users, site.sessions, now=clock, cost=FAST),
        live=site.live,
        dispatch=Dispatch(Commands(site.orders, site.oee)),
        job_orders=site.orders,
        nodes=site.nodes,
        answers=ByService(site.orders.work, site.oee),
        reasons=(*site.oee.reasons, *DEFECTS),
        now=clock,
        bundle=bundle,
        version="0.1.0",
    )


BUNDLE = Path(__file__).parents[2] / "services" / "console" / "static" / "bundle"


async def serve(port: int) -> None:
    """Serve the console on the fake site until stopped."""
    import uvicorn

    site = FakeSite(datetime.now(UTC))
    site.orders.delay_s = 0.25
    config = uvicorn.Config(
        console_app(parts_for(site, BUNDLE)), port=port, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        await asyncio.sleep(0.5)
        site.step(datetime.now(UTC))
    await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8090)
    asyncio.run(serve(parser.parse_args().port))
