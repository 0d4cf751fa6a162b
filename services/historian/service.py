"""The composition root of `historian`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from namespace.contracts.historian import CONTRACT
from namespace.runtime import (
    Context,
    EdgeNodeListener,
    Parts,
    PrimaryHost,
    Service,
    Session,
    SnapshotDesk,
    get_logger,
    read_settings,
)
from namespace.runtime.clock import to_ms
from namespace.runtime.placing import Device
from namespace.runtime.rivals import RivalReport
from namespace.sparkplug import HostEvent
from services.historian.adapters.compiled import compiled_encode, compiled_take
from services.historian.adapters.postgres import PostgresJournal, read_head
from services.historian.adapters.reading import Reading
from services.historian.adapters.spool import DiskSpool
from services.historian.application.listening import Listening
from services.historian.application.recorder import Recorder
from services.historian.application.reporting import Reporter
from services.historian.application.writer import Writer
from services.historian.domain.tag import Tags


class HistorianSettings(BaseModel):
    """Settings of the historian beside those of every service.

    Attributes:
        historian_spool_mb: What the spool may take on disk, in MiB.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    historian_spool_mb: Annotated[float, Field(gt=0)] = 512


def compose(context: Context) -> Parts:
    """Put the service together."""
    settings = read_settings(HistorianSettings)
    log = get_logger()

    def now_ms() -> int:
        return to_ms(context.clock.now())

    tags = Tags()
    spool = DiskSpool(
        context.settings.data_dir / "historian" / "spool",
        tags,
        limit_bytes=int(settings.historian_spool_mb * 2**20),
        log=log,
    )
    journal = PostgresJournal(context.database, log, compiled_encode())
    recorder = Recorder(context.site, tags, now_ms, compiled_take())
    rivals = RivalReport(recorder.places, health=context.health, metrics=context.metrics)
    host = PrimaryHost(
        lambda: context.open_transport("-state"), context.host_id, clock=context.clock, health=context.health
    )
    writer = Writer(recorder, journal, spool, now_ms=now_ms, log=log, room_changed=lambda _: listening.look())
    session = Session(
        context.open_transport("-journal"), name="journal", health=context.health, metrics=context.metrics
    )

    def told(events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        recorder.told(events, gone)
        rivals.look()
        writer.heard()

    listener = EdgeNodeListener(
        session,
        ["spBv1.0/#"],
        groups=[],
        told=told,
        queries=context.queries,
        clock=context.clock,
        metrics=context.metrics,
    )

    async def alive_ms() -> int | None:
        return (await read_head(context.database)).alive_ms

    listener.handed = recorder.places.handed
    listening = Listening(
        session,
        listener,
        host,
        recorder,
        writer,
        alive_ms=alive_ms,
        prepare=lambda: journal.make_partitions_ahead(now_ms()),
        now_ms=now_ms,
        log=log,
    )

    async def start() -> None:
        await journal.close_gaps(now_ms())
        await listening.start()

    reading = Reading(context.database, writer.settled, is_joined=lambda: listener.is_joined)
    reporter = Reporter(
        context.node,
        writer,
        spool,
        gaps=lambda: recorder.gaps,
        is_online=lambda: host.is_online,
        is_listening=lambda: session.is_up,
        alive=lambda: journal.alive(now_ms()),
        health=context.health,
    )
    return Parts(
        queries={
            "samples": reading.samples,
            "tags": reading.tags,
            "gaps": reading.gaps,
            "head": reading.head,
            "missed": reading.missed,
            "snapshot": SnapshotDesk(
                listener.core,
                lambda: listener.is_joined,
                with_stale=False,
                quarantined=recorder.places.quarantined,
            ).answer,
        },
        start=start,
        stop=listening.stop,
        tasks={
            "state": host.run,
            "edge nodes": listening.run,
            "writer": writer.run,
            "report": reporter.run,
        },
    )


SERVICE = Service(contract=CONTRACT, compose=compose, migrations="services.historian.adapters")
