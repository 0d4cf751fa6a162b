"""The composition root of `namespace_state`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from namespace.contracts.namespace_state import CONTRACT
from namespace.runtime import (
    Context,
    EdgeNodeListener,
    Parts,
    Service,
    Session,
    SnapshotDesk,
    get_logger,
    request_rebirth,
    to_ms,
)
from namespace.runtime.placing import Device
from namespace.sparkplug import EdgeNodeDescriptor, HostEvent, HostSession, HostSettings, NodeState
from services.namespace_state.adapters.heard_logs import HeardLogs, document, read_retained_logs, row
from services.namespace_state.adapters.known_nodes import KnownNodes
from services.namespace_state.adapters.retained import read_retained
from services.namespace_state.application.log_witness import LogWitness
from services.namespace_state.application.projector import Projector
from services.namespace_state.application.rebirths import RebirthDesk
from services.namespace_state.application.reconciler import Reconciler
from services.namespace_state.application.registry import Registry
from services.namespace_state.domain.heard_log import Point
from services.namespace_state.domain.picture import Picture

_SNAPSHOT_S = 1.0
"""How long the historian's picture is waited for after each connect."""
_SPREAD_S = 3.0
"""Over how long the rebirths wanted at a start are spread; who is born by itself meanwhile is not asked."""


def compose(context: Context) -> Parts:
    """Put the service together."""
    log = get_logger()
    topics = context.topics
    session = Session(context.open_transport("-host"), name="host", health=context.health, metrics=context.metrics)
    core = HostSession(HostSettings(rebirth_spread_ms=int(_SPREAD_S * 1000)))
    picture = Picture(context.site.path, context.site.mappings)
    known = KnownNodes(context.database, log)

    async def project(topic: str, payload: bytes, retain: bool) -> None:
        await session.publish(topic, payload, retain=retain)

    async def show(topic: str, payload: bytes) -> None:
        await session.publish(topic, payload)

    async def show_log(producer: str, points: Iterable[Point]) -> None:
        topic = topics.heard_log(producer.rpartition("/")[2])
        await session.publish(topic, document(producer, points), retain=True)

    projector = Projector(topics.root, project)
    witness = LogWitness(
        HeardLogs(context.database),
        read_retained=lambda: read_retained_logs(
            context.open_transport("-logs"), topics, context.contract.edge_node_id
        ),
        publish=show_log,
        row=row,
        clock=context.clock,
        log=log,
    )

    async def ask(node: EdgeNodeDescriptor) -> None:
        await request_rebirth(session, node, to_ms(context.clock.now()))

    rebirths = RebirthDesk(ask, log)
    registry = Registry(
        picture,
        projector,
        rebirths,
        publish=show,
        born=known.born,
        heard=witness.heard,
        clock=context.clock,
        site=context.site.path,
        root=topics.root,
        log=log,
    )

    def told(events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:  # noqa: ARG001 - dead is dead here
        registry.told(events)

    listener = EdgeNodeListener(
        session,
        ["spBv1.0/#"],
        groups=[],
        told=told,
        queries=context.queries,
        clock=context.clock,
        metrics=context.metrics,
        core=core,
        snapshot_from="historian",
        snapshot_s=_SNAPSHOT_S,
        insists=False,
        asks_for_rebirths=False,
    )
    listener.handed = picture.handed
    filters = topics.projection(area.name for area in context.site.equipment.children(context.site.path))
    has_joined = asyncio.Event()
    reconciler = Reconciler(
        projector,
        picture,
        lambda: read_retained(context.open_transport("-retained"), filters),
        is_known=has_joined.wait,
        log=log,
    )
    session.join(reconciler)
    session.join(witness)
    known_before: list[EdgeNodeDescriptor] = []

    async def start() -> None:
        """Who was there before, and how far logs were heard."""
        known_before.extend(await known.all())
        await witness.start()

    def joined() -> None:
        """Whoever was there before and is in nobody's picture is asked to say everything again."""
        has_joined.set()
        while known_before:
            node = known_before.pop()
            if core.state(node) is NodeState.UNKNOWN:
                rebirths.want(node, "start", within_s=_SPREAD_S)

    listener.joined = joined

    return Parts(
        queries={
            "snapshot": SnapshotDesk(
                core, lambda: listener.is_joined, with_stale=True, quarantined=picture.quarantined
            ).answer,
            "nodes": registry.nodes,
            "log_heard": witness.answer,
            "rebirth": registry.rebirth,
        },
        start=start,
        stop=session.leave,
        tasks={
            "host session": session.run,
            "host": listener.run,
            "projection": projector.run,
            "retained": reconciler.run,
            "events": registry.show_events,
            "rebirths": rebirths.run,
            "known nodes": known.run,
            "heard logs": witness.run,
            "counts": lambda: registry.report(context.node),
        },
    )


SERVICE = Service(contract=CONTRACT, compose=compose, migrations="services.namespace_state.adapters")
