"""The composition root of `namespace_state`."""

from __future__ import annotations

from collections.abc import Iterable

from namespace.contracts.namespace_state import CONTRACT
from namespace.runtime import Context, HostApplication, Parts, Service, Session, get_logger
from namespace.sparkplug import EdgeNodeDescriptor, HostSession, HostSettings
from services.namespace_state.adapters.heard_logs import HeardLogs, document, read_retained_logs, row
from services.namespace_state.adapters.known_nodes import KnownNodes
from services.namespace_state.adapters.retained import read_retained
from services.namespace_state.application.late_joiners import LateJoiners
from services.namespace_state.application.log_witness import LogWitness
from services.namespace_state.application.projector import Projector
from services.namespace_state.application.rebirths import RebirthDesk
from services.namespace_state.application.reconciler import Reconciler
from services.namespace_state.application.registry import Registry
from services.namespace_state.domain.heard_log import Point
from services.namespace_state.domain.picture import Picture

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
        await host.request_rebirth(node)

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
    host = HostApplication(session, core, clock=context.clock, told=registry.told)
    filters = topics.projection(area.name for area in context.site.equipment.children(context.site.path))
    reconciler = Reconciler(
        projector, picture, lambda: read_retained(context.open_transport("-retained"), filters), log=log
    )
    session.join(reconciler)
    session.join(witness)
    late_joiners = LateJoiners(core.edge_nodes, core.snapshot)

    async def start() -> None:
        """Whoever was there before is asked to say everything again; how far logs were heard is read back."""
        for node in await known.all():
            rebirths.want(node, "start", within_s=_SPREAD_S)
        await witness.start()

    return Parts(
        queries={
            "snapshot": late_joiners.answer,
            "nodes": registry.nodes,
            "log_heard": witness.answer,
            "rebirth": registry.rebirth,
        },
        start=start,
        stop=host.farewell,
        tasks={
            "host": host.run,
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
